"""Reports to the operator, decisions and objections."""
