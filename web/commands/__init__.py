"""The commands, one a module. They import what is heavy only when they run."""
