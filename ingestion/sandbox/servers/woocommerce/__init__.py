"""WooCommerce as a server: REST v3 of the outlet, signed requests over plain HTTP."""
