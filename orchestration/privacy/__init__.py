"""People's rights over their data, and the checks that hold the hub to them."""
