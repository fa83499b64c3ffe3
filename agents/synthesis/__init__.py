"""Tasks, solutions and tests made with a model, and the votes and checks that decide which are kept."""
