//! Matters of a case: mediations, hearings, orders and the like.

use serde_json::Value;

use crate::case::Case;
use crate::client::Answer;
use crate::staff::Staff;

/// A matter of a registered case.
#[derive(Debug, Clone)]
pub struct Matter<'c, 'a> {
    case: &'c Case<'a>,
    collection: &'static str,
    /// Its id.
    pub id: String,
    /// As the last step answered it.
    pub view: Value,
}

impl<'a> Case<'a> {
    /// Starts a matter (`visits`, `mediations` …), whatever comes of it.
    #[track_caller]
    pub fn try_open(&self, who: impl Into<Staff>, collection: &str, input: &Value) -> Answer {
        let call = self
            .app()
            .by(who)
            .post(self.path(&format!("/{collection}")));
        call.json(input).send()
    }

    /// Starts a matter.
    #[track_caller]
    pub fn open(
        &self,
        who: impl Into<Staff>,
        collection: &'static str,
        input: &Value,
    ) -> Matter<'_, 'a> {
        let view = self.try_open(who, collection, input).expect(201).json();
        Matter {
            case: self,
            collection,
            id: view["id"].as_str().expect("an id").to_owned(),
            view,
        }
    }

    /// A matter of the case that was started before.
    #[track_caller]
    pub fn matter(&self, collection: &'static str, id: &str) -> Matter<'_, 'a> {
        let path = self.path(&format!("/{collection}/{id}"));
        Matter {
            case: self,
            collection,
            id: id.to_owned(),
            view: self.app().by(Staff::Office).get(path).expect(200).json(),
        }
    }

    /// All matters of the case and what can be started, as somebody sees them.
    #[track_caller]
    pub fn matters(&self, who: impl Into<Staff>) -> Value {
        let call = self.app().by(who).get(self.path("/matters"));
        call.expect(200).json()
    }
}

impl Matter<'_, '_> {
    /// Its path, or that of something below it.
    pub fn path(&self, below: &str) -> String {
        self.case
            .path(&format!("/{}/{}{below}", self.collection, self.id))
    }

    /// Takes a step at the version that stands now, whatever comes of it.
    #[track_caller]
    pub fn try_step(&self, who: impl Into<Staff>, step: &str, input: &Value) -> Answer {
        let version = self.seen_by(Staff::Office).json()["version"].clone();
        self.case
            .app()
            .by(who)
            .post(self.path(&format!("/steps/{step}")))
            .if_match(format!("\"{version}\""))
            .json(input)
            .send()
    }

    /// Takes a step that succeeds.
    #[track_caller]
    pub fn step(&mut self, who: impl Into<Staff>, step: &str, input: &Value) -> &Value {
        self.view = self.try_step(who, step, input).expect(200).json();
        &self.view
    }

    /// Where it stands, as the last step answered it.
    #[track_caller]
    pub fn state(&self) -> &str {
        self.view["state"].as_str().expect("a state")
    }

    /// As somebody sees it now.
    #[track_caller]
    pub fn seen_by(&self, who: impl Into<Staff>) -> Answer {
        self.case.app().by(who).get(self.path("")).send()
    }
}
