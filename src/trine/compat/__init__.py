"""Other frameworks' names over Trine's own rooms: an existing application changes its imports and runs."""
