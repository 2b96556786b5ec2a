//! What may be done with photos.

use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use actix_multipart::Multipart;
use actix_web::web;
use chrono::{DateTime, Duration, Utc};
use diesel::result::QueryResult;
use shared::access::{Action, Denied, Facts, can};
use shared::audit::AuditAction;
use shared::case::number::Series;
use shared::ids::{CaseId, PhotoId};
use shared::photo::{FORGOTTEN_AFTER_DAYS, MAX_PHOTOS, OwnerKind, PhotoView};
use shared::validate::Errors;

use super::store::{self, PhotoRecord};
use super::{Error, clean};
use crate::audit::{self, Entry};
use crate::case::{self, Desk};
use crate::db::Conn;
use crate::files::{self, Received, Refused};
use crate::idempotency::{Claim, Made};
use crate::state::State;

/// A photo that was uploaded and lies on the disk.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    /// BLAKE3 of the file as it came.
    pub(super) came_as: String,
    media_type: &'static str,
    size: i64,
    hash: String,
    width: i32,
    height: i32,
}

/// Takes in the field `file` of a form.
///
/// # Errors
/// [`Error::Denied`], [`Error::File`]: it is no picture.
pub(super) async fn receive(state: &State, desk: &Desk, form: Multipart) -> Result<Taken, Error> {
    can(&desk.actor, Action::Photo, Facts::None)?;
    let received = files::receive(state, form, "照片").await?;
    let directory = files::directory(state);
    let kept = web::block(move || keep(&directory, received)).await;
    Ok(kept.map_err(|e| Error::Damaged(e.to_string()))??)
}

/// Takes out what is not the picture and gives the rest its place.
fn keep(directory: &Path, received: Received) -> Result<Taken, Refused> {
    let Received {
        name,
        mut file,
        hash: came_as,
        ..
    } = received;
    file.as_file_mut().rewind()?;
    let mut content = Vec::new();
    file.as_file_mut().read_to_end(&mut content)?;
    let picture = clean::picture(&content).ok_or_else(|| {
        Refused::Type(format!(
            "“{name}”不是完整的照片，或者尺寸过大。请上传JPEG、PNG或WebP格式的照片。"
        ))
    })?;
    let mut cleaned = tempfile::NamedTempFile::new_in(directory)?;
    cleaned.write_all(&picture.content)?;
    let hash = blake3::hash(&picture.content).to_hex().to_string();
    files::keep(directory, cleaned, &hash)?;
    Ok(Taken {
        came_as,
        media_type: picture.media_type,
        size: i64::try_from(picture.content.len()).unwrap_or(i64::MAX),
        hash,
        width: i32::try_from(picture.width).unwrap_or(i32::MAX),
        height: i32::try_from(picture.height).unwrap_or(i32::MAX),
    })
}

/// Notes a photo that lies on the disk.
///
/// # Errors
/// The database's own, and of the idempotency key.
pub(super) fn insert(
    conn: &mut Conn,
    desk: &Desk,
    taken: &Taken,
) -> Result<Made<PhotoView>, Error> {
    let record = PhotoRecord {
        id: crate::ids::new_id(),
        township_id: desk.actor.township_id.as_str().to_owned(),
        media_type: taken.media_type.to_owned(),
        size: taken.size,
        hash: taken.hash.clone(),
        width: taken.width,
        height: taken.height,
        uploader_id: desk.actor.user_id.as_str().to_owned(),
        uploaded_at: desk.context.now.naive_utc(),
        owner_kind: None,
        owner_id: None,
        position: 0,
    };
    store::insert(conn, &record)?;
    let entry = Entry::new(AuditAction::PhotoWrite, format!("上传照片{}", record.id));
    audit::append(conn, &desk.context, &desk.actor, entry)?;
    let place = format!("/api/v1/photos/{}", record.id);
    Ok(Made {
        version: None,
        ..Made::created(record.view(), 1, place)
    })
}

/// Does [`insert`] once a key.
///
/// # Errors
/// As [`insert`].
pub(super) fn insert_once(
    conn: &mut Conn,
    desk: &Desk,
    claim: &Claim,
    taken: &Taken,
) -> Result<crate::idempotency::Answer, Error> {
    claim.once(conn, |conn| insert(conn, desk, taken))
}

/// Gives photos to a record, in the transaction that writes it. Only the actor's own, that belong to
/// nothing yet; at most [`MAX_PHOTOS`] a record.
///
/// # Errors
/// [`Error::Invalid`] in the field `photos`; the database's own.
pub(crate) fn claim(
    conn: &mut Conn,
    desk: &Desk,
    kind: OwnerKind,
    id: &str,
    photos: &[PhotoId],
) -> Result<(), Error> {
    if photos.is_empty() {
        return Ok(());
    }
    let mut errors = Errors::new();
    shared::photo::check(&mut errors, photos);
    let before = store::of(conn, kind, id)?.len();
    if errors.is_empty() && before + photos.len() > MAX_PHOTOS {
        let message = format!("照片最多{MAX_PHOTOS}张，已经有{before}张。");
        errors.add("photos", "too_many", message);
    }
    for (at, photo) in photos.iter().enumerate() {
        if !errors.is_empty() {
            break;
        }
        let position = i32::try_from(before + at).unwrap_or(i32::MAX);
        if !store::claim(conn, photo, &desk.actor.user_id, (kind, id), position)? {
            let message = format!(
                "第{}张照片不在了、已用于别的记录，或者不是您上传的，请重新上传。",
                at + 1
            );
            errors.add("photos", "unknown", message);
        }
    }
    errors.into_result().map_err(Error::Invalid)
}

/// The photos of a record, in its order.
///
/// # Errors
/// The database's own.
pub(crate) fn of(conn: &mut Conn, kind: OwnerKind, id: &str) -> QueryResult<Vec<PhotoView>> {
    let photos = store::of(conn, kind, id)?;
    Ok(photos.into_iter().map(PhotoRecord::view).collect())
}

/// Whether the actor may see the record that a photo belongs to: for the record's room to say.
fn may_see(conn: &mut Conn, desk: &Desk, kind: OwnerKind, id: &str) -> Result<bool, Error> {
    match kind {
        OwnerKind::Case => {
            let found = case::service::find(conn, desk, &CaseId::from(id), Action::ViewFiles);
            match found {
                Ok(_) => Ok(true),
                Err(case::Error::Denied(_)) => Ok(false),
                Err(error) => Err(error.into()),
            }
        }
        OwnerKind::Visit => Ok(crate::visit::service::may_see(conn, desk, id)?),
        OwnerKind::Report => Ok(crate::report::service::may_open(conn, desk, id)?),
        OwnerKind::Alert => Ok(crate::alert::may_see(conn, desk, id)?),
        OwnerKind::Publicity => Ok(crate::publicity::service::may_see(conn, desk, id)?),
        OwnerKind::Honour => Ok(crate::assessment::honour::may_see(conn, desk, id)?),
    }
}

/// Finds a photo to show, and notes the look.
///
/// # Errors
/// [`Error::Denied`], the database's own.
pub(super) fn look(conn: &mut Conn, desk: &Desk, id: &PhotoId) -> Result<PhotoRecord, Error> {
    let photo = store::find(conn, id)?
        .filter(|photo| photo.township_id == desk.actor.township_id.as_str())
        .ok_or(Denied::Hidden)?;
    let owner = match (&photo.owner_kind, &photo.owner_id) {
        (Some(kind), Some(id)) => Some((crate::db::term::<OwnerKind>(kind)?, id.clone())),
        _ => None,
    };
    // Whoever uploaded it may see it, as long as they work in the field; but for what became part of
    // a case, which may have been sealed from them.
    let of_case = matches!(owner, Some((OwnerKind::Case, _)));
    let own = !of_case
        && photo.uploader_id == desk.actor.user_id.as_str()
        && can(&desk.actor, Action::Photo, Facts::None).is_ok();
    let seen = match &owner {
        _ if own => true,
        Some((kind, id)) => may_see(conn, desk, *kind, id)?,
        None => false,
    };
    if !seen {
        return Err(Denied::Hidden.into());
    }
    let entry = match &owner {
        Some((OwnerKind::Case, id)) => {
            let (case, _) =
                case::service::find(conn, desk, &CaseId::from(id.as_str()), Action::ViewFiles)?;
            let sealed = case.seal.0;
            Entry::new(AuditAction::Download, format!("{}：查看照片", case.number)).of_case(
                case.id,
                sealed != Series::Open,
                sealed == Series::RegistrarOnly,
            )
        }
        Some((kind, id)) => {
            let what = shared::term::Term::label(*kind);
            Entry::new(AuditAction::Download, format!("查看照片：{what}{id}"))
        }
        None => Entry::new(AuditAction::Download, format!("查看照片{}", photo.id)),
    };
    audit::append(conn, &desk.context, &desk.actor, entry)?;
    Ok(photo)
}

/// Where a photo's content lies.
///
/// # Errors
/// [`Error::Damaged`] when it is not where it should be.
pub(super) fn path(state: &State, photo: &PhotoRecord) -> Result<PathBuf, Error> {
    let path = files::path_of(&files::directory(state), &photo.hash);
    if path.is_file() {
        Ok(path)
    } else {
        Err(Error::Damaged(format!("photo {} has no file", photo.id)))
    }
}

/// Forgets what no record has named; the hashes of files that are to go.
///
/// # Errors
/// The database's own.
pub(crate) fn clean_up(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<Vec<String>> {
    let kept = Duration::days(i64::from(FORGOTTEN_AFTER_DAYS));
    store::forget_before(conn, (now - kept).naive_utc())
}
