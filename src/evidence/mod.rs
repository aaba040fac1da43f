//! The evidence core: flows folded into aggregates, names, coverage; summaries and their merge.
//!
//! Aggregate first, judge once: memory follows the number of distinct keys, not the size of the logs,
//! and what is kept says nothing of a path, a body or a user. A summary depends only on the logs, the
//! program, the services list and the detectors, never on a policy or a boundary, so the same evidence
//! can be judged again under other criteria.

mod caps;
mod coverage;
mod fold;
mod hour_set;
mod hours;
mod key;
mod list;
mod magnitudes;
mod minutes;
pub mod partial;
mod picks;
mod rank;
mod sorted;
mod spellings;
mod summary;
mod table;
mod together;
mod total;

pub use caps::{ANYBODY, Caps, NAMED};
pub use coverage::Range;
pub use fold::{Fold, LogFacts, LogName, Problem, Seat};
pub use hour_set::HourSet;
pub use hours::{Cells, Hours};
pub use key::{Key, Server, Traits};
pub use list::{AggregateLine, aggregate_lines, tree_root};
pub use magnitudes::Magnitudes;
pub use minutes::Minutes;
pub use sorted::{Iter, Sorted};
pub use summary::{Basis, Log, MergeRefusal, NameKey, SourceLife, Summary};
pub use total::{Cell, Sample, Total};
