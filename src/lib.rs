//! Domicile answers one question with evidence: did any prompt or image leave the infrastructure that
//! was declared local?
//!
//! The rooms, lowest first; each names only rooms below it and its own children:
//!
//! | layer | rooms |
//! |---|---|
//! | 0 | [`model`] |
//! | 1 | [`bytes`] |
//! | 2 | [`services`] |
//! | 3 | [`policy`], [`inventory`], [`traffic`], [`inspect`], [`place`] |
//! | 4 | [`evidence`] |
//! | 5 | [`check`] |
//! | 6 | [`report`] |
//! | 7 | [`seal`] |
//! | 8 | [`cli`] |

pub mod bytes;
pub mod check;
pub mod cli;
pub mod evidence;
pub mod inspect;
pub mod inventory;
pub mod model;
pub mod place;
pub mod policy;
pub mod report;
pub mod seal;
pub mod services;
pub mod traffic;
