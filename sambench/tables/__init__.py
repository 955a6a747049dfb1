"""The paper's tables: published rows beside measured ones."""
