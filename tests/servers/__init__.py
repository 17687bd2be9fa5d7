"""Servers that the tests talk to: real ones where there are real ones, each on a free port of the loopback address."""
