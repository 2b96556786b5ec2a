//! Tables of what comes next, and a phone that is cut off wherever it hurts.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::days(20_000) + Duration::seconds(seconds)
}

fn draft(key: &str, photos: usize) -> Draft {
    Draft {
        key: key.to_owned(),
        kind: DraftKind::Visit,
        path: "/visits".to_owned(),
        if_match: None,
        about: None,
        body: json!({"heard": key}).as_object().unwrap().clone(),
        photos: (0..photos)
            .map(|n| Photo {
                key: format!("{key}-{n}"),
                name: format!("{n}.jpg"),
                id: None,
            })
            .collect(),
        title: "走访".to_owned(),
        lines: vec![("所反映的".to_owned(), "路灯不亮".to_owned())],
        form: Value::Null,
        receipt: None,
        recorded_at: at(0),
        ahead: None,
        stage: Stage::Waiting,
        since: at(0),
        unanswered: 0,
        tries: 0,
        not_before: None,
        detail: String::new(),
        errors: Vec::new(),
        number: None,
        link: None,
    }
}

fn done(id: &str) -> Answer {
    Answer::Done {
        id: id.to_owned(),
        number: Some(format!("第{id}号")),
    }
}

fn problem(code: Code) -> Answer {
    Answer::Problem {
        code,
        detail: "原因。".to_owned(),
        errors: Vec::new(),
        wait: None,
    }
}

#[test]
fn who_came_is_looked_for_at_the_reception_day() {
    let mut came = draft("a", 0);
    came.kind = DraftKind::Reception;
    came.path = "/reception-days/d1/visitors".to_owned();
    came.begin();
    came.hear(done("c"), at(1));
    assert_eq!(came.link.as_deref(), Some("/reception/d1"));
    assert_eq!(came.number.as_deref(), Some("第c号"));
    assert_eq!(draft("b", 0).reception_day(), None);
}

#[test]
fn pictures_go_first_then_the_record_names_them() {
    let mut draft = draft("a", 2);
    assert_eq!(draft.next(at(0)), Next::Photo(0));
    assert_eq!(draft.hear_photo(0, done("p0"), at(1)), Then::GoOn);
    assert_eq!(draft.next(at(1)), Next::Photo(1));
    draft.hear_photo(1, done("p1"), at(1));
    assert_eq!(draft.next(at(1)), Next::Record);
    assert_eq!(draft.sent_body()["photos"], json!(["p0", "p1"]));
    draft.begin();
    assert!(!draft.may_edit() && draft.waits());
    draft.hear(done("v"), at(2));
    assert_eq!(
        (draft.stage, draft.next(at(2))),
        (Stage::Accepted, Next::Rest)
    );
    assert_eq!(draft.link.as_deref(), Some("/visits/v"));
    assert!(draft.where_it_is().contains("第v号"));
    // What the server has does not lie on the phone any more.
    assert!(!serde_json::to_string(&draft).unwrap().contains("路灯"));
}

#[test]
fn a_record_without_pictures_says_nothing_of_them() {
    assert!(!draft("a", 0).sent_body().contains_key("photos"));
}

#[test]
fn each_answer_leads_where_it_should() {
    use Stage as S;
    // Code, stage, whether it may be changed, whether sending goes on.
    let table = [
        (Code::InvalidFields, S::Refused, true, Then::GoOn),
        (Code::Forbidden, S::Refused, true, Then::GoOn),
        (Code::NotFound, S::Refused, true, Then::GoOn),
        (Code::Conflict, S::Refused, true, Then::GoOn),
        (Code::BadRequest, S::Refused, true, Then::GoOn),
        (Code::TooLarge, S::Refused, true, Then::GoOn),
        (Code::IdempotencyMismatch, S::Refused, false, Then::GoOn),
        (Code::StaleVersion, S::Conflict, true, Then::GoOn),
        (Code::Changed, S::Conflict, true, Then::GoOn),
        (Code::Unauthenticated, S::Waiting, true, Then::SignIn),
        (Code::SessionReused, S::Waiting, true, Then::SignIn),
        (Code::PasswordChangeRequired, S::Waiting, true, Then::SignIn),
        (Code::Internal, S::Waiting, false, Then::GoOn),
        (Code::Unavailable, S::Waiting, false, Then::GoOn),
        (Code::TooManyRequests, S::Waiting, false, Then::GoOn),
    ];
    for (code, stage, may_edit, then) in table {
        let mut draft = draft("a", 0);
        draft.begin();
        assert_eq!(draft.hear(problem(code), at(1)), then, "{code}");
        assert_eq!((draft.stage, draft.may_edit()), (stage, may_edit), "{code}");
        assert!(draft.waits(), "{code}: nothing is lost");
        assert!(!draft.body.is_empty(), "{code}: nothing is lost");
    }
    let mut draft = draft("a", 0);
    draft.begin();
    assert_eq!(draft.hear(Answer::Nothing, at(1)), Then::NoNetwork);
    assert_eq!((draft.stage, draft.may_edit()), (S::Waiting, false));
    assert_eq!(draft.next(at(1)), Next::Record);
}

#[test]
fn a_refusal_does_not_say_that_an_earlier_sending_came_to_nothing() {
    for code in [Code::Unauthenticated, Code::Forbidden] {
        let mut draft = draft("a", 0);
        draft.begin();
        draft.hear(Answer::Nothing, at(1));
        draft.begin();
        draft.hear(problem(code), at(2));
        assert!(!draft.may_edit(), "{code}");
    }
}

#[test]
fn what_changes_something_meets_a_conflict_there() {
    let mut draft = draft("a", 0);
    draft.kind = DraftKind::Report;
    draft.about = Some("/reports/1".to_owned());
    draft.begin();
    draft.hear(problem(Code::Conflict), at(1));
    assert_eq!(draft.stage, Stage::Conflict);
    draft.renew("b".to_owned(), Some("\"2\"".to_owned()), at(2));
    assert_eq!((draft.key.as_str(), draft.next(at(2))), ("b", Next::Record));
    assert_eq!(draft.if_match.as_deref(), Some("\"2\""));
    draft.put_by(at(3));
    assert!(!draft.waits() && !draft.is_over(at(3)));
    assert!(draft.is_over(at(3) + Duration::days(31)));
}

#[test]
fn pauses_grow_up_to_a_limit_and_follow_the_server() {
    let mut draft = draft("a", 0);
    let mut pauses = Vec::new();
    for _ in 0..10 {
        draft.hear(problem(Code::Unavailable), at(0));
        pauses.push((draft.not_before.unwrap() - at(0)).num_seconds());
    }
    assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 320, 600, 600, 600]);
    assert_eq!(draft.next(at(599)), Next::Wait(at(600)));
    assert_eq!(draft.next(at(600)), Next::Record);
    // The phone's clock was set back by a day meanwhile.
    assert_eq!(draft.next(at(-86_400)), Next::Record);
    draft.retry(at(1));
    assert_eq!(draft.next(at(1)), Next::Record);
    draft.hear(
        Answer::Problem {
            code: Code::TooManyRequests,
            detail: String::new(),
            errors: Vec::new(),
            wait: Some(42),
        },
        at(0),
    );
    assert_eq!(draft.not_before, Some(at(42)));
}

#[test]
fn a_picture_that_is_none_is_named() {
    let mut draft = draft("a", 2);
    draft.hear_photo(0, done("p0"), at(0));
    draft.hear_photo(1, problem(Code::UnsupportedMediaType), at(0));
    assert_eq!(draft.stage, Stage::Refused);
    assert_eq!(draft.errors[0].field, "photos");
    assert!(draft.where_it_is().contains("1.jpg"));
    assert!(draft.may_edit());
}

#[test]
fn pictures_that_the_server_has_forgotten_go_out_once_more() {
    let forgotten = || Answer::Problem {
        code: Code::InvalidFields,
        detail: "照片不在。".to_owned(),
        errors: vec![FieldError {
            field: "photos".to_owned(),
            code: "unknown".to_owned(),
            message: "照片不在。".to_owned(),
        }],
        wait: None,
    };
    let mut draft = draft("a", 1);
    draft.hear_photo(0, done("old"), at(0));
    draft.begin();
    draft.hear(forgotten(), at(1));
    assert_eq!(draft.next(at(1)), Next::Photo(0));
    assert_eq!(draft.photos[0].key, "a-0+");
    // Once: whatever is wrong with them the second time is for the person to see.
    draft.hear_photo(0, done("new"), at(2));
    draft.hear(forgotten(), at(3));
    assert_eq!(draft.stage, Stage::Refused);
}

#[test]
fn urgent_information_goes_first() {
    let mut old = draft("a", 0);
    old.recorded_at = at(-100);
    let mut alert = draft("b", 0);
    alert.kind = DraftKind::Alert;
    assert!(turn_of(&alert) < turn_of(&old));
}

#[test]
fn it_can_be_taken_elsewhere_as_text() {
    let text = draft("a", 1).text();
    assert!(
        text.contains("所反映的：路灯不亮") && text.contains("照片：1张"),
        "{text}"
    );
}

/// A server that honours keys.
#[derive(Default)]
struct Server {
    answers: BTreeMap<String, (String, String)>,
    photos: usize,
    records: Vec<String>,
}

impl Server {
    fn photo(&mut self, key: &str) -> Answer {
        if let Some((_, id)) = self.answers.get(key) {
            return done(id);
        }
        self.photos += 1;
        let id = format!("photo-{}", self.photos);
        self.answers
            .insert(key.to_owned(), (String::new(), id.clone()));
        done(&id)
    }

    fn record(&mut self, key: &str, body: &Map<String, Value>) -> Answer {
        let text = serde_json::to_string(body).unwrap();
        if let Some((before, id)) = self.answers.get(key) {
            return if *before == text {
                done(id)
            } else {
                problem(Code::IdempotencyMismatch)
            };
        }
        let id = self.records.len().to_string();
        self.records.push(text.clone());
        self.answers.insert(key.to_owned(), (text, id.clone()));
        done(&id)
    }
}

/// What happens to a step.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// It works.
    Well,
    /// The request does not arrive.
    Lost,
    /// It arrives, the answer does not.
    AnswerLost,
    /// The server fails before it does anything.
    Failed,
    /// The server does it, and fails then; or a gateway does.
    DoneButFailed,
    /// The session is over.
    SignedOut,
    /// The role has changed: turned away before the key is looked at.
    Forbidden,
    /// The phone dies before the request.
    DiesBefore,
    /// The phone dies before it has stored the answer.
    DiesAfter,
    /// The person changes the draft, where that is offered.
    Edited,
    /// The person refreshes and tries again at once.
    Retried,
}

fn fate() -> impl Strategy<Value = Fate> {
    use Fate as F;
    prop_oneof![
        3 => Just(F::Well), 1 => Just(F::Lost), 2 => Just(F::AnswerLost), 1 => Just(F::Failed),
        2 => Just(F::DoneButFailed), 1 => Just(F::SignedOut), 1 => Just(F::Forbidden), 1 => Just(F::DiesBefore),
        2 => Just(F::DiesAfter), 1 => Just(F::Edited), 1 => Just(F::Retried),
    ]
}

/// The phone's store: each draft as text, with a number that rises with each change.
#[derive(Default)]
struct Store(BTreeMap<String, (u32, String)>);

impl Store {
    fn read(&self, key: &str) -> Option<(u32, Draft)> {
        let (rev, text) = self.0.get(key)?;
        Some((*rev, crate::json::read(text).unwrap()))
    }

    /// Writes, unless another tab has in between.
    fn write(&mut self, rev: u32, draft: &Draft) -> Option<u32> {
        let text = serde_json::to_string(draft).unwrap();
        match self.0.get_mut(&draft.key) {
            Some(kept) if kept.0 == rev => *kept = (rev + 1, text),
            _ => return None,
        }
        Some(rev + 1)
    }
}

/// A tab's step with the draft that it read a while ago.
fn step(
    server: &mut Server,
    store: &mut Store,
    tab: &mut Option<(u32, Draft)>,
    fate: Fate,
    now: DateTime<Utc>,
    edits: &mut u32,
) {
    let Some((mut rev, mut draft)) = tab.take() else {
        return;
    };
    if matches!(fate, Fate::Edited) {
        if draft.may_edit() && store.read(&draft.key).is_some_and(|(kept, _)| kept == rev) {
            // In one transaction: the old one goes, the new one comes under another key.
            *edits += 1;
            store.0.remove(&draft.key);
            let root = draft.key.split('~').next().unwrap().to_owned();
            draft.key = format!("{root}~{edits}");
            draft.body.insert("edit".to_owned(), json!(*edits));
            draft.retry(now);
            let text = serde_json::to_string(&draft).unwrap();
            store.0.insert(draft.key.clone(), (0, text));
        }
        return;
    }
    if matches!(fate, Fate::Retried) {
        draft.retry(now);
        store.write(rev, &draft);
        return;
    }
    let photo = match draft.next(now) {
        Next::Photo(at) => Some(at),
        Next::Record => {
            draft.begin();
            match store.write(rev, &draft) {
                Some(next) => rev = next,
                None => return,
            }
            None
        }
        Next::Wait(_) | Next::Rest => return,
    };
    let mut send = || match photo {
        Some(at) => server.photo(&draft.photos[at].key),
        None => server.record(&draft.key, &draft.sent_body()),
    };
    let answer = match fate {
        Fate::Well => send(),
        Fate::Lost => Answer::Nothing,
        Fate::AnswerLost => {
            send();
            Answer::Nothing
        }
        Fate::Failed => problem(Code::Internal),
        Fate::DoneButFailed => {
            send();
            Answer::Unreadable
        }
        Fate::SignedOut => problem(Code::Unauthenticated),
        Fate::Forbidden => problem(Code::Forbidden),
        Fate::DiesBefore => return,
        Fate::DiesAfter => {
            send();
            return;
        }
        Fate::Edited | Fate::Retried => unreachable!(),
    };
    match photo {
        Some(at) => draft.hear_photo(at, answer, now),
        None => draft.hear(answer, now),
    };
    store.write(rev, &draft);
}

proptest! {
    /// Whatever is cut off, in two tabs that take no notice of each other: in the end the server has
    /// each record once, and the phone knows.
    #[test]
    fn each_draft_arrives_once(
        photos in prop::collection::vec(0usize..3, 1..4),
        script in prop::collection::vec((0usize..2, any::<prop::sample::Index>(), fate(), any::<bool>()), 0..60),
    ) {
        let mut server = Server::default();
        let mut store = Store::default();
        let mut edits = 0;
        for (n, photos) in photos.iter().enumerate() {
            let draft = draft(&format!("draft{n}"), *photos);
            let text = serde_json::to_string(&draft).unwrap();
            store.0.insert(draft.key.clone(), (0, text));
        }
        let mut tabs: [Option<(u32, Draft)>; 2] = [None, None];
        let mut now = at(0);
        for (tab, which, fate, fresh) in script {
            now += Duration::seconds(700);
            // A tab may go on with what it read before the other one wrote.
            if fresh || tabs[tab].is_none() {
                let keys: Vec<String> = store.0.keys().cloned().collect();
                let key: &String = which.get(&keys);
                tabs[tab] = store.read(key);
            }
            let (one, other) = tabs.split_at_mut(1);
            let mine = if tab == 0 { &mut one[0] } else { &mut other[0] };
            step(&mut server, &mut store, mine, fate, now, &mut edits);
        }
        // The network is good from now on.
        for key in store.0.keys().cloned().collect::<Vec<_>>() {
            for _ in 0..8 {
                now += Duration::seconds(700);
                // Whoever was turned away for the role has it again, and tries again.
                let mut tab = store.read(&key).filter(|(_, draft)| draft.stage == Stage::Refused);
                step(&mut server, &mut store, &mut tab, Fate::Retried, now, &mut edits);
                let mut tab = store.read(&key);
                step(&mut server, &mut store, &mut tab, Fate::Well, now, &mut edits);
            }
        }
        prop_assert_eq!(store.0.len(), photos.len());
        for key in store.0.keys() {
            let (_, draft) = store.read(key).unwrap();
            prop_assert_eq!(draft.stage, Stage::Accepted, "{:?}", draft);
        }
        prop_assert_eq!(server.records.len(), photos.len());
        for n in 0..photos.len() {
            let mine = |text: &&String| text.contains(&format!("\"draft{n}\""));
            prop_assert_eq!(server.records.iter().filter(mine).count(), 1);
        }
    }
}
