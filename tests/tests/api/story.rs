//! The whole life of a case, from the window to the answer and beyond.

use serde_json::json;
use tests::staff::{NEXT_VILLAGE, VILLAGE};
use tests::{Staff, TestApp};

#[test]
fn from_the_window_to_the_answer() {
    let app = TestApp::start();
    let case = app.case().village(VILLAGE).by(Staff::Centre).register();
    assert_eq!(case.number, "平川信〔2026〕00001号");
    let case = case.accepted().dispatched(VILLAGE).taken(Staff::Secretary);
    let case = case.then(Staff::Secretary, "note", json!({"text": "入户走访"}));
    let case = case.answered(Staff::Secretary).closed();
    assert_eq!(case.view["state"], "closed");
    let _ = NEXT_VILLAGE;
}
