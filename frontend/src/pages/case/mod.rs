//! Cases: the ledger, a case, its registration.
//!
//! | room | page |
//! | --- | --- |
//! | [`list`], [`filter`] | `/cases` |
//! | [`show`] with [`act`], [`clocks`], [`satisfaction`], [`facts`], [`timeline`], [`people`], [`files`] | `/cases/{id}` |
//! | [`edit`] | `/cases/{id}/edit` |
//! | [`receipt`] | `/cases/{id}/receipt` |
//! | [`papers`] | the tab 文书 |
//! | [`paper`] | `/cases/{id}/papers/{pid}` |
//! | [`new`], [`draft`] | `/cases/new` |
//! | [`open`], [`differ`] | a case that is open on the page, and what others changed meanwhile |
//! | [`matter`] | the tab 专项 |
//! | [`values`], [`person`] | the fields of a case and of a person |
//! | [`bits`] | what several of them show |

pub(crate) mod act;
pub(crate) mod bits;
pub(crate) mod clocks;
pub(crate) mod differ;
pub(crate) mod draft;
pub(crate) mod edit;
pub(crate) mod facts;
pub(crate) mod files;
pub(crate) mod filter;
pub(crate) mod list;
pub(crate) mod matter;
pub(crate) mod new;
pub(crate) mod open;
pub(crate) mod paper;
pub(crate) mod papers;
pub(crate) mod people;
pub(crate) mod person;
pub(crate) mod receipt;
pub(crate) mod satisfaction;
pub(crate) mod show;
pub(crate) mod timeline;
pub(crate) mod values;
