"""How Django writes times; `FORMAT_MODULE_PATH` points here."""
