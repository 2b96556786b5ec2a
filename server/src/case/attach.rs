//! Files of a case. They are only ever given out as downloads, never shown inline, so that an HTML
//! or SVG file in disguise does nothing.

use std::io::{Read, Seek};
use std::path::PathBuf;

use actix_multipart::Multipart;
use actix_web::web;
use shared::access::Action;
use shared::audit::AuditAction;
use shared::case::view::{AttachmentView, CaseView};
use shared::ids::{AttachmentId, CaseId, PhotoId};
use shared::photo::OwnerKind;

use super::desk::Desk;
use super::store::{self, AttachmentRecord};
use super::{Error, service, view};
use crate::db::Conn;
use crate::files::{self, Received, Refused};
use crate::photo;
use crate::state::State;

/// Media types that may be attached, by content: pictures, documents, recordings.
const ALLOWED: &[&str] = &[
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "image/heif",
    "image/bmp",
    "image/tiff",
    "application/pdf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/ofd",
    "audio/mpeg",
    "audio/m4a",
    "audio/amr",
    "audio/x-wav",
    "audio/ogg",
    "video/mp4",
    "video/quicktime",
    "text/plain",
];

/// A file that was uploaded and lies on the disk.
#[derive(Debug, Clone)]
pub(crate) struct Uploaded {
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) size: u64,
    pub(crate) hash: String,
}

/// Takes in the field `file` of a form.
///
/// # Errors
/// [`Refused`], as [`Error::File`].
pub(crate) async fn receive(state: &State, form: Multipart) -> Result<Uploaded, Error> {
    let received = files::receive(state, form, "附件").await?;
    let directory = files::directory(state);
    let kept = web::block(move || keep(&directory, received)).await;
    Ok(kept.map_err(|e| Error::Damaged(e.to_string()))??)
}

/// Checks the type and gives the file its place.
fn keep(directory: &std::path::Path, received: Received) -> Result<Uploaded, Refused> {
    let Received {
        name,
        mut file,
        size,
        hash,
    } = received;
    file.as_file_mut().rewind()?;
    let mut head = Vec::new();
    file.as_file_mut().take(64 * 1024).read_to_end(&mut head)?;
    let media_type = media_type(&head, &name).ok_or_else(|| {
        Refused::Type(format!(
            "“{name}”不是可以上传的类型。请上传照片、PDF、Word、Excel、录音录像或纯文本文件。"
        ))
    })?;
    files::keep(directory, file, &hash)?;
    Ok(Uploaded {
        name,
        media_type: media_type.to_owned(),
        size,
        hash,
    })
}

/// The media type by content, if it is an allowed one.
fn media_type(head: &[u8], name: &str) -> Option<&'static str> {
    if let Some(kind) = infer::get(head) {
        let lower = name.to_lowercase();
        // An OFD document is a zip with an ending of its own.
        let found = if kind.mime_type() == "application/zip" && lower.ends_with(".ofd") {
            "application/ofd"
        } else {
            kind.mime_type()
        };
        return ALLOWED.iter().copied().find(|allowed| *allowed == found);
    }
    is_plain_text(head).then_some("text/plain")
}

/// UTF-8 without control characters that does not begin like markup.
fn is_plain_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The head may end inside a character.
        Err(error) if error.valid_up_to() + 4 > head.len() => {
            match head.get(..error.valid_up_to()).map(std::str::from_utf8) {
                Some(Ok(text)) => text,
                _ => return false,
            }
        }
        Err(_) => return false,
    };
    let start = text
        .trim_start_matches('\u{feff}')
        .trim_start()
        .to_lowercase();
    let markup = start.starts_with('<') || start.contains("<script") || start.contains("<svg");
    !markup
        && !text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

/// Attaches an uploaded file to a case.
///
/// # Errors
/// [`Error::Denied`], [`Error::Refused`], the database's own.
pub(crate) fn attach(
    conn: &mut Conn,
    desk: &Desk,
    id: &CaseId,
    file: &Uploaded,
) -> Result<CaseView, Error> {
    let record = AttachmentRecord {
        id: crate::ids::new_id(),
        case_id: id.as_str().to_owned(),
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        size: i64::try_from(file.size).unwrap_or(i64::MAX),
        hash: file.hash.clone(),
        at: desk.context.now.naive_utc(),
        actor_id: desk.actor.user_id.as_str().to_owned(),
        actor_name: desk.actor.name().to_owned(),
        removed_at: None,
    };
    let text = format!("上传附件“{}”", file.name);
    service::attachment_changed(conn, desk, id, text, |conn, _| {
        Ok(store::insert_attachment(conn, &record)?)
    })
}

/// Makes files of a new case from photos that its registrar has uploaded.
///
/// # Errors
/// [`Error::Invalid`] in the field `photos`, the database's own.
pub(super) fn photos(
    conn: &mut Conn,
    desk: &Desk,
    case_id: &str,
    photos: &[PhotoId],
) -> Result<(), Error> {
    photo::claim(conn, desk, OwnerKind::Case, case_id, photos)?;
    copies(conn, desk, case_id, OwnerKind::Case, case_id)
}

/// Makes files of a case from the photos of a record: the same content, in a row of its own.
///
/// # Errors
/// The database's own.
pub(crate) fn copies(
    conn: &mut Conn,
    desk: &Desk,
    case_id: &str,
    kind: OwnerKind,
    id: &str,
) -> Result<(), Error> {
    let claimed = photo::store::of(conn, kind, id)?;
    for (at, photo) in claimed.into_iter().enumerate() {
        let ending = photo.media_type.rsplit('/').next().unwrap_or_default();
        let record = AttachmentRecord {
            id: crate::ids::new_id(),
            case_id: case_id.to_owned(),
            name: format!("照片{}.{ending}", at + 1),
            media_type: photo.media_type,
            size: photo.size,
            hash: photo.hash,
            at: desk.context.now.naive_utc(),
            actor_id: desk.actor.user_id.as_str().to_owned(),
            actor_name: desk.actor.name().to_owned(),
            removed_at: None,
        };
        store::insert_attachment(conn, &record)?;
    }
    Ok(())
}

/// Removes a file from a case; the timeline keeps its name.
///
/// # Errors
/// [`Error::Denied`], the database's own.
pub(crate) fn remove(
    conn: &mut Conn,
    desk: &Desk,
    id: &CaseId,
    file: &AttachmentId,
) -> Result<CaseView, Error> {
    let (case, _) = service::find(conn, desk, id, Action::Attach)?;
    let record = store::attachment(conn, &case.id, file.as_str())?.ok_or_else(Error::hidden)?;
    let text = format!("移除附件“{}”", record.name);
    let now = desk.context.now.naive_utc();
    service::attachment_changed(conn, desk, id, text, |conn, _| {
        Ok(store::remove_attachment(conn, &record.id, now)?)
    })
}

/// The files of a case.
///
/// # Errors
/// [`Error::Denied`], the database's own.
pub(crate) fn list(
    conn: &mut Conn,
    desk: &Desk,
    id: &CaseId,
) -> Result<Vec<AttachmentView>, Error> {
    let (case, _) = service::find(conn, desk, id, Action::ViewFiles)?;
    Ok(store::attachments(conn, &case.id)?
        .into_iter()
        .map(view::attachment)
        .collect())
}

/// Finds a file to give out, and notes the download.
///
/// # Errors
/// [`Error::Denied`], the database's own.
pub(crate) fn download(
    conn: &mut Conn,
    desk: &Desk,
    id: &CaseId,
    file: &AttachmentId,
) -> Result<AttachmentRecord, Error> {
    let (case, _) = service::find(conn, desk, id, Action::ViewFiles)?;
    let record = store::attachment(conn, &case.id, file.as_str())?.ok_or_else(Error::hidden)?;
    service::log(
        conn,
        desk,
        AuditAction::Download,
        &case,
        &format!("下载附件“{}”", record.name),
    )?;
    Ok(record)
}

/// Opens a file on the disk.
///
/// # Errors
/// [`Error::Damaged`] when it is not where it should be.
pub(crate) fn open(state: &State, record: &AttachmentRecord) -> Result<PathBuf, Error> {
    let path = files::path_of(&files::directory(state), &record.hash);
    if path.is_file() {
        Ok(path)
    } else {
        Err(Error::Damaged(format!(
            "attachment {} has no file",
            record.id
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_by_content() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        assert_eq!(media_type(png, "photo.txt"), Some("image/png"));
        assert_eq!(
            media_type("情况说明\n二〇二六年".as_bytes(), "a.txt"),
            Some("text/plain")
        );
        for (head, name) in [
            (&b"<html><script>alert(1)</script>"[..], "a.png"),
            (b"  <svg xmlns='http://www.w3.org/2000/svg'>", "a.jpg"),
            (b"\xef\xbb\xbf<!DOCTYPE html>", "a.txt"),
            (b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0", "a.pdf"),
            (b"\x7fELF\x02\x01\x01\0", "a.docx"),
            (b"PK\x03\x04\x14\0\0\0\0\0", "a.zip"),
            (b"\0\x01\x02\x03", "a.txt"),
        ] {
            assert_eq!(media_type(head, name), None, "{name}");
        }
    }
}
