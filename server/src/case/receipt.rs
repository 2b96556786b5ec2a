//! The receipt (登记回执) that the petitioner takes home.

use qrcode::QrCode;
use qrcode::render::svg;
use shared::access::{Action, Facts, can};
use shared::case::deadline::ClockKind;
use shared::case::number::{CaseNumber, Series};
use shared::case::paper::PaperKind;
use shared::case::view::Receipt;
use shared::ids::{CaseId, UnitId, UserId};
use shared::public::Wanted;

use super::desk::Desk;
use super::{Error, service, view};
use crate::db::Conn;

/// What the receipt says, and from whom the case is sealed. `page` is the address of the public page.
///
/// # Errors
/// [`Error::Denied`], the database's own.
pub(crate) fn receipt(
    conn: &mut Conn,
    desk: &Desk,
    id: &CaseId,
    page: Option<&str>,
) -> Result<(Receipt, Series), Error> {
    let (case, facts) = service::find(conn, desk, id, Action::ViewCase)?;
    let acceptance = view::clocks_of(conn, desk, &case)?
        .into_iter()
        .find(|clock| {
            matches!(
                clock.kind,
                ClockKind::Acceptance | ClockKind::SimpleAcceptance
            )
        });
    // What is sealed shows on no public page.
    let page = page.filter(|_| case.seal.0 == Series::Open);
    let number = case.number.parse::<CaseNumber>().ok();
    let qr = match (page, number) {
        (Some(page), Some(number)) => {
            let wanted = Wanted::Case {
                year: number.year,
                count: number.count,
            };
            format!("{page}?n={}", wanted.plain())
        }
        _ => case.number.clone(),
    };
    let may_give = can(&desk.actor, Action::QueryCode, Facts::Case(&facts)).is_ok();
    let code = QrCode::new(qr.as_bytes()).map_err(|e| Error::Damaged(e.to_string()))?;
    let qr_svg = code
        .render::<svg::Color<'_>>()
        .min_dimensions(160, 160)
        .build();
    // The person in whose name the case stands.
    let petitioner = case.petitioner.as_deref();
    let care = super::store::people(conn, &case.id)?
        .iter()
        .find(|person| Some(person.name.as_str()) == petitioner)
        .map(super::store::PersonRecord::care)
        .unwrap_or_default();
    let due = acceptance
        .as_ref()
        .map(|clock| (clock.due, clock.basis.as_str()));
    let profile = service::profile_of(desk, &case);
    let next = Receipt::next_steps(&profile, case.procedure.0, due);
    let receipt = Receipt {
        query_page: page.unwrap_or_default().to_owned(),
        query_code: may_give.then(|| desk.keys.query_code(&case.id).to_string()),
        provisional_number: crate::receipt::store::of_case(conn, &case.id)?,
        township: desk.names.unit_name(&desk.actor.township_id).to_owned(),
        office: desk
            .names
            .unit_name(&UnitId::from(case.registrar_unit_id.as_str()))
            .to_owned(),
        petitioner: case.petitioner,
        cause: (!care.neutral).then(|| view::shorten(&case.cause, 60)),
        care,
        received_on: case.received_on,
        first_receiver: desk
            .names
            .user_name(&UserId::from(case.first_receiver_id.as_str()))
            .to_owned(),
        next,
        notes: desk.general().papers.notes(PaperKind::Receipt),
        acceptance_due: acceptance.as_ref().map(|clock| clock.due),
        basis: acceptance.map(|clock| clock.basis).unwrap_or_default(),
        number: case.number,
        qr_svg,
    };
    Ok((receipt, case.seal.0))
}
