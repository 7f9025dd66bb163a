"""configs/: YAML files, checked at start with file, line and key, and the flavors that override them."""
