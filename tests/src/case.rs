//! Cases in the making, and cases that are registered.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::base::TODAY;
use crate::client::Answer;
use crate::staff::Staff;

/// A valid ID number of nobody.
pub const ID_NUMBER: &str = "999999195307140712";
/// A phone number of nobody.
pub const PHONE: &str = "13000009455";

/// A case to be registered.
#[derive(Debug, Clone)]
pub struct CaseBuilder<'a> {
    app: &'a TestApp,
    by: Staff,
    input: Value,
    key: Option<String>,
}

impl<'a> CaseBuilder<'a> {
    pub(crate) fn new(app: &'a TestApp) -> Self {
        let input = json!({
            "kind": "petition",
            "channel": "visit",
            "purpose": "claim",
            "category": "rural",
            "subcategory": "land_transfer",
            "cause": "土地流转费两年未兑付",
            "people_count": 1,
            "received_on": TODAY,
            "people": [{"role": "petitioner", "name": "张三"}],
        });
        Self {
            app,
            by: Staff::Centre,
            input,
            key: None,
        }
    }

    /// Who registers it.
    #[must_use]
    pub fn by(mut self, who: impl Into<Staff>) -> Self {
        self.by = who.into();
        self
    }

    /// Any field.
    #[must_use]
    pub fn set(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.input[field] = value.into();
        self
    }

    /// Leaves a field out.
    #[must_use]
    pub fn without(mut self, field: &str) -> Self {
        if let Some(input) = self.input.as_object_mut() {
            input.remove(field);
        }
        self
    }

    /// The village, by name.
    #[must_use]
    pub fn village(self, name: &str) -> Self {
        let id = self.app.unit(name).to_owned();
        self.set("village_id", id)
    }

    /// What happened.
    #[must_use]
    pub fn cause(self, cause: &str) -> Self {
        self.set("cause", cause)
    }

    /// Petition, dispute or sign.
    #[must_use]
    pub fn kind(self, kind: &str) -> Self {
        self.set("kind", kind)
    }

    /// The day on which it was received.
    #[must_use]
    pub fn received(self, day: &str) -> Self {
        self.set("received_on", day)
    }

    /// An accusation against a unit, by name.
    #[must_use]
    pub fn accuses(self, unit: &str) -> Self {
        let id = self.app.unit(unit).to_owned();
        self.set("purpose", "accusation").set("accused_unit_id", id)
    }

    /// An accusation against somebody of a unit.
    #[must_use]
    pub fn accuses_user(self, unit: &str, who: Staff) -> Self {
        let id = self.app.user(who).to_owned();
        self.accuses(unit).set("accused_user_id", id)
    }

    /// One more person.
    #[must_use]
    pub fn person(mut self, person: Value) -> Self {
        match self.input["people"].as_array_mut() {
            Some(people) => people.push(person),
            None => self.input["people"] = json!([person]),
        }
        self
    }

    /// So many people, whom so many representatives speak for.
    #[must_use]
    pub fn collective(self, count: u32, representatives: u32) -> Self {
        let people = (0..representatives)
            .map(|i| json!({"role": "representative", "name": format!("代表{i}")}))
            .collect::<Vec<_>>();
        self.set("people_count", count).set("people", people)
    }

    /// `Idempotency-Key`.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// The body as it would be sent.
    pub fn input(&self) -> &Value {
        &self.input
    }

    /// Sends it, whatever comes of it.
    #[track_caller]
    pub fn send(&self) -> Answer {
        let call = self.app.by(self.by).post("/cases").json(&self.input);
        match &self.key {
            Some(key) => call.key(key).send(),
            None => call.send(),
        }
    }

    /// Registers it.
    #[track_caller]
    pub fn register(&self) -> Case<'a> {
        Case::of(self.app, self.send().expect(201).json())
    }
}

/// A registered case.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    app: &'a TestApp,
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: String,
    /// As the last step answered it.
    pub view: Value,
}

impl<'a> Case<'a> {
    /// A case from an answer.
    #[track_caller]
    pub fn of(app: &'a TestApp, view: Value) -> Self {
        let text = |field: &str| view[field].as_str().expect(field).to_owned();
        Self {
            app,
            id: text("id"),
            number: text("number"),
            view,
        }
    }

    /// Where it is registered.
    pub const fn app(&self) -> &'a TestApp {
        self.app
    }

    /// The path of something below it, such as `/events`.
    pub fn path(&self, below: &str) -> String {
        format!("/cases/{}{below}", self.id)
    }

    /// Takes a step, whatever comes of it.
    #[track_caller]
    pub fn act(&self, who: impl Into<Staff>, action: &str, input: Value) -> Answer {
        self.app.act(&self.id, who, action, input)
    }

    /// Takes a step that succeeds.
    #[track_caller]
    pub fn then(self, who: impl Into<Staff>, action: &str, input: Value) -> Self {
        let view = self.act(who, action, input).expect(200).json();
        Self::of(self.app, view)
    }

    /// The office accepts it.
    #[track_caller]
    pub fn accepted(self) -> Self {
        self.then(Staff::Office, "accept", json!({}))
    }

    /// The office gives it to a unit, by name.
    #[track_caller]
    pub fn dispatched(self, unit: &str) -> Self {
        let unit = self.app.unit(unit).to_owned();
        self.then(Staff::Office, "dispatch", json!({"unit_id": unit}))
    }

    /// The office sends it on to a unit, by name.
    #[track_caller]
    pub fn transferred(self, unit: &str) -> Self {
        let input = json!({"unit_id": self.app.unit(unit), "text": "属于该单位职权"});
        self.then(Staff::Office, "transfer", input)
    }

    /// Somebody of the unit begins.
    #[track_caller]
    pub fn taken(self, who: impl Into<Staff>) -> Self {
        self.then(who, "take", json!({}))
    }

    /// Somebody of the unit answers.
    #[track_caller]
    pub fn answered(self, who: impl Into<Staff>) -> Self {
        let input = json!({"text": "流转费已核实，本月内兑付", "notice": "当面送达信访人"});
        self.then(who, "answer", input)
    }

    /// A leader closes it.
    #[track_caller]
    pub fn closed(self) -> Self {
        let input = json!({"text": "信访人接受", "outcome": "settled", "opinion": "agrees"});
        self.then(Staff::Leader, "close", input)
    }

    /// As somebody sees it now.
    #[track_caller]
    pub fn seen_by(&self, who: impl Into<Staff>) -> Answer {
        self.app.by(who).get(self.path("")).send()
    }

    /// The id of the `n`th person.
    #[track_caller]
    pub fn person(&self, n: usize) -> String {
        let people = self
            .app
            .by(Staff::Office)
            .get(self.path("/people"))
            .expect(200)
            .json();
        people["items"][n]["id"]
            .as_str()
            .expect("a person")
            .to_owned()
    }
}
