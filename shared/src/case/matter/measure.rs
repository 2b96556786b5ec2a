//! To be written.

super::pending!(Measure);
