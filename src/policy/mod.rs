//! Criteria and project files: TOML in, typed and validated nouns out, every problem at once.
