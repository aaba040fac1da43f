//! Jurisdictions: codes, groups of countries, and what a region token in a host name means.
