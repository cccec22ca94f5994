"""The deployed application, as its users meet it."""
