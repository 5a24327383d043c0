"""Files that run, or that a browser would run: whoever gets one should be told before it is opened."""

from __future__ import annotations

import re
from enum import StrEnum


class Risk(StrEnum):
    """What opening a file may do."""

    NONE = ""
    PROGRAM = "program"
    PAGE = "page"
    MACROS = "macros"
    DISK = "disk"
    SHORTCUT = "shortcut"
    DISGUISED = "disguised"


_ENDINGS: dict[Risk, str] = {
    Risk.PROGRAM: "action apk app appimage application appref-ms appx appxbundle bash bat chm cmd com command cpl"
    " csh deb diagcab dll exe gadget hlp hta inf jar jnlp job js jse ksh mjs msc msi msix msixbundle msp msu ocx pif"
    " pkg pl ps1 ps1xml ps2 psc1 psd1 psm1 py pyc pyw pyz rb reg rpm run scf scr sct settingcontent-ms sh shb shs swf"
    " sys terminal vb vbe vbs vxd wasm workflow ws wsc wsf wsh xbap xll",
    Risk.PAGE: "htm html mht mhtml shtml svg svgz xht xhtml xml xsl xslt",
    Risk.MACROS: "accda accdb accde ade adp docm dotm iqy mda mdb mde one onepkg onetoc2 potm ppam ppsm pptm slk sldm"
    " xlam xlm xlsb xlsm xltm dqy oqy rqy wbk",
    Risk.DISK: "dmg img iso vhd vhdx vmdk wim udf",
    Risk.SHORTCUT: "desktop fileloc inetloc library-ms lnk rdp search-ms searchconnector-ms theme themepack udl url"
    " webloc website",
}
_RISK_OF = {ending: risk for risk, endings in _ENDINGS.items() for ending in endings.split()}
_TYPES: dict[str, Risk] = {
    **dict.fromkeys(("text/html", "application/xhtml+xml", "image/svg+xml", "application/xml", "text/xml"), Risk.PAGE),
    **dict.fromkeys(
        (
            "text/javascript", "application/javascript", "application/x-javascript", "application/ecmascript",
            "application/x-msdownload", "application/x-msdos-program", "application/x-dosexec", "application/x-sh",
            "application/vnd.microsoft.portable-executable", "application/java-archive", "application/x-executable",
            "application/x-msi", "application/vnd.android.package-archive", "application/hta", "application/x-bat",
        ),
        Risk.PROGRAM,
    ),
    **dict.fromkeys(
        (
            "application/vnd.ms-word.document.macroenabled.12", "application/vnd.ms-excel.sheet.macroenabled.12",
            "application/vnd.ms-powerpoint.presentation.macroenabled.12", "application/onenote",
            "application/msonenote",
        ),
        Risk.MACROS,
    ),
    "application/x-iso9660-image": Risk.DISK,
    "application/x-cd-image": Risk.DISK,
    "application/x-apple-diskimage": Risk.DISK,
    "application/x-ms-shortcut": Risk.SHORTCUT,
}  # fmt: skip
_HARMLESS = frozenset((
    "avi", "bmp", "csv", "doc", "docx", "gif", "ics", "jpeg", "jpg", "log", "mov", "mp3", "mp4", "odp", "ods", "odt",
    "pdf", "png", "ppt", "pptx", "rtf", "tif", "tiff", "txt", "wav", "webp", "xls", "xlsx", "zip",
))  # fmt: skip
_XML = frozenset(("xml", "xsl", "xslt"))
_RUNS_IN_XML = (b"1999/xhtml", b"2000/svg", b"<?xml-stylesheet", b"xsl/transform", b"<!doctype")  # in lower case
_HIDES_IN_XML = re.compile(rb"""=\s*(?:"[^"<]*&#|'[^'<]*&#)""")  # letters of an attribute written as numbers
_CONTROLS = bytes(number for number in range(32) if number not in b"\t\n\r")
_MACROS = (b"vbaProject.bin", b"_\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T\0")  # as archives and old documents list it
_CONTAINERS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def risk_of(name: str, content_type: str = "", data: bytes = b"", *, misleading: bool = False) -> Risk:
    """What opening a file may do, by its name, its type and, where given, its bytes. Nothing is unpacked.

    `misleading`: the name had characters that make it look like another.
    """
    stem, ending = _parts(name)
    kind = content_type.partition(";")[0].strip().lower()
    risk = _RISK_OF.get(ending, Risk.NONE) or _TYPES.get(kind, Risk.NONE)
    if risk is Risk.PAGE and data and _is_plain_xml(ending, kind, data):
        risk = Risk.NONE
    if risk in (Risk.PROGRAM, Risk.SHORTCUT, Risk.DISK, Risk.PAGE) and _pretends(stem, ending, misleading=misleading):
        return Risk.DISGUISED
    if not risk and misleading:
        return Risk.DISGUISED
    return risk or (Risk.MACROS if _has_macros(data) else Risk.NONE)


def is_risky(name: str, content_type: str = "") -> bool:
    """Whether a file may do something when it is opened, going by its name and by the type that its sender claims."""
    return bool(risk_of(name, content_type))


def _parts(name: str) -> tuple[str, str]:
    """What stands before the last dot, and the ending behind it; systems drop dots and blanks at the end of a name."""
    stem, dot, ending = name.rstrip(". \t\r\n").rpartition(".")
    return (stem, ending.lower()) if dot else ("", "")


def _pretends(stem: str, ending: str, *, misleading: bool) -> bool:
    """Whether a name is made to be taken for a harmless one: `offer.pdf.exe`, a gap before the end, a document's name
    on a program."""
    before = stem.rstrip().rpartition(".")[2].lower() if "." in stem else ""
    return misleading or before in _HARMLESS or ending in _HARMLESS or stem.endswith("    ")


def _is_plain_xml(ending: str, kind: str, data: bytes) -> bool:
    """Data for programs, as invoices are; what a browser would run names the languages that it runs.

    They can be told only where nothing hides them: bytes that are not ASCII's own (UTF-16, escapes of ISO-2022),
    entities that the document defines itself (XML §4.2), characters written as numbers within a tag (§4.1).
    """
    xml = ending in _XML or (not _RISK_OF.get(ending) and kind in ("application/xml", "text/xml"))
    if not xml or data.startswith((b"\xff\xfe", b"\xfe\xff")) or len(data.translate(None, _CONTROLS)) < len(data):
        return False
    lowered = data.lower()
    return not any(words in lowered for words in _RUNS_IN_XML) and _HIDES_IN_XML.search(data) is None


def _has_macros(data: bytes) -> bool:
    return data.startswith(_CONTAINERS) and any(mark in data for mark in _MACROS)
