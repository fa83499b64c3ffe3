"""The warm processes of a judge, as its host sees them."""
