//! The evidence core: flows folded into aggregates, names, coverage; summaries and their merge.
