"""The description of the HTTP interface: OpenAPI 3.1, made from the types that validate and those that answers have."""
