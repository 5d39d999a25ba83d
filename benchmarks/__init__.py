"""What AVA's own mechanisms cost, as commands that print tables: `script/bench`."""
