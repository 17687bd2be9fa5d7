"""How well a detector does on a folder of labelled pictures: figures with intervals, tables, plots."""
