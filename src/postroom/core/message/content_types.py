"""What a file is by its first bytes, where the label that it came under says nothing or cannot be true."""

from __future__ import annotations

GENERIC = frozenset((
    "", "application/octet-stream", "binary/octet-stream", "application/binary", "application/unknown",
    "application/x-unknown", "unknown/unknown", "application/force-download", "application/x-force-download",
    "application/download", "application/x-download", "application/octetstream", "application/x-octet-stream",
    "application/data", "application/x-any", "application/save", "*/*", "application/x-msdownload",
    "application/x-msdos-program",
))  # fmt: skip
PROGRAM = "application/x-msdownload"
EXECUTABLE = "application/x-executable"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"{\\rtf", "application/rtf"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x78\x9f\x3e\x22", "application/ms-tnef"),
    (b"\x7fELF", EXECUTABLE),
    (b"\xcf\xfa\xed\xfe", EXECUTABLE),
    (b"\xce\xfa\xed\xfe", EXECUTABLE),
    (b"ID3", "audio/mpeg"),
    (b"BEGIN:VCALENDAR", "text/calendar"),
    (b"BEGIN:VCARD", "text/vcard"),
    (_ZIP, "application/zip"),
    (_OLE, "application/x-ole-storage"),
)
_BRANDS = {
    b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif", b"msf1": "image/heif", b"avif": "image/avif",
    b"qt  ": "video/quicktime", b"M4A ": "audio/mp4",
}  # fmt: skip
_OFFICE = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "jar": "application/java-archive",
    "apk": "application/vnd.android.package-archive",
    "epub": "application/epub+zip",
}
_OLD_OFFICE = {
    "doc": "application/msword",
    "dot": "application/msword",
    "xls": "application/vnd.ms-excel",
    "xlt": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "msg": "application/vnd.ms-outlook",
    "msi": "application/x-msi",
}
_NAMED = {
    "txt": "text/plain", "csv": "text/csv", "ics": "text/calendar", "vcf": "text/vcard", "eml": "message/rfc822",
    "svg": "image/svg+xml", "htm": "text/html", "html": "text/html", "xml": "application/xml",
    "json": "application/json", "mp3": "audio/mpeg", "mp4": "video/mp4", "wav": "audio/wav", "webp": "image/webp",
}  # fmt: skip


def type_by_content(data: bytes, name: str = "") -> str:
    """The type that the first bytes tell, empty where they tell none; containers are told apart by the name."""
    head = data[:64]
    for magic, content_type in _MAGIC:
        if head.startswith(magic):
            return _contained(content_type, name)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return "image/bmp"
    return PROGRAM if _is_windows_program(data) else ""


def _is_windows_program(data: bytes) -> bool:
    """`MZ` alone may begin a text; a program says behind it where its own header stands."""
    if data[:2] != b"MZ" or len(data) < 64:
        return False
    place = int.from_bytes(data[60:64], "little")
    return data[place : place + 2] in (b"PE", b"NE", b"LE", b"LX") or not data[:64].isascii()


def _contained(content_type: str, name: str) -> str:
    ending = _ending(name)
    if content_type == "application/zip":
        return _OFFICE.get(ending, content_type)
    if content_type == "application/x-ole-storage":
        return _OLD_OFFICE.get(ending, content_type)
    return content_type


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def content_type_of(claimed: str, data: bytes, name: str = "") -> str:
    """The type to go by: the claim, but where it is none, names another kind of image, or hides a program."""
    told = type_by_content(data, name)
    if claimed in GENERIC:
        return told or _NAMED.get(_ending(name), "") or claimed or "application/octet-stream"
    if told in (PROGRAM, EXECUTABLE):
        return told
    if claimed.startswith("image/") and told and told != claimed:
        return told if told.startswith("image/") or claimed != "image/svg+xml" else claimed
    return claimed
