//! The evidence core: flows folded into aggregates, names, coverage; summaries and their merge.
//!
//! Aggregate first, judge once: memory follows the number of distinct keys, not the size of the logs,
//! and what is kept says nothing of a path, a body or a user. A summary depends only on the logs, the
//! program, the services list and the detectors, never on a policy or a boundary, so the same evidence
//! can be judged again under other criteria.

mod fold;
mod key;
mod list;
mod minutes;
mod summary;
mod total;

pub use fold::{Fold, LogFacts, LogName};
pub use key::{Key, Server};
pub use list::{AggregateLine, aggregate_lines, tree_root};
pub use minutes::Minutes;
pub use summary::{Log, MergeRefusal, NameKey, SourceLife, Summary};
pub use total::{Cell, Sample, Total};
