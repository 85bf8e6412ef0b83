"""The intermediate representation: nodes, operations, and the rules of shapes, dtypes and layouts."""
