"""The rules of mail: total functions over frozen values; no Django, no I/O, no clock."""
