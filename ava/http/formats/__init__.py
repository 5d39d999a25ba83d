"""Time formats of pages; `FORMAT_MODULE_PATH` points here."""
