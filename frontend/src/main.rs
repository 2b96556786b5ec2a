//! The app's entry: draws the first page on the body.

use leptos::prelude::*;

fn main() {
    console_error_panic_hook::set_once();
    mount_to_body(|| view! { <h1>"信访三无工作台"</h1> });
}
