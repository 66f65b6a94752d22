"""People: who they are, their role, their login, who invited them, what they agreed to."""
