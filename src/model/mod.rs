//! The nouns of the domain: what the other rooms hand to each other.
//!
//! Nothing of ours lies below this room. It holds no input, no output, no clock; a value here has
//! already been validated by the room that made it.

pub mod audit;
pub mod data;
pub mod diagnostic;
pub mod flow;
pub mod inventory;
pub mod net;
pub mod policy;
pub mod project;
pub mod record;
pub mod table;
pub mod text;
pub mod time;

pub use data::{Certainty, DataKind, DataKinds};
pub use diagnostic::{Diagnostic, Diagnostics, Level, Place as SourcePlace, SourceText};
pub use flow::{Disposition, Flow, Lane, Method, Orientation, Payload, Protocol, Transport, Visibility};
pub use record::{At, RecordCounts};
pub use time::{Period, Time};
