//! To be written.

super::pending!(Mediation);
