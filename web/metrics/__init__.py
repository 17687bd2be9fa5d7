"""What Prometheus may read: counted where it happens, collected when it is asked for.

`exposition.py` puts together what the other modules have, one a subject.
"""
