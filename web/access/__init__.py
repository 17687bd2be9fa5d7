"""Who may do what: keys, their secrets and scopes, and the short-lived tokens that browsers get."""
