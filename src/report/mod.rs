//! Renderers: an audit in, bytes out. Pure: no clock, no host name, no absolute path.
