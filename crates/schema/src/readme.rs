//! What the READMEs say of the fields: the rows of their tables.
