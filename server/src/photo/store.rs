//! Rows of photos.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shared::ids::{PhotoId, UserId};
use shared::photo::{OwnerKind, PhotoView};
use shared::term::Term;

use crate::db::Conn;
use crate::schema::{case_attachments, photos};

/// A photo as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = photos, treat_none_as_default_value = false)]
pub(crate) struct PhotoRecord {
    pub(crate) id: String,
    pub(crate) township_id: String,
    pub(crate) media_type: String,
    pub(crate) size: i64,
    pub(crate) hash: String,
    pub(crate) width: i32,
    pub(crate) height: i32,
    pub(crate) uploader_id: String,
    pub(crate) uploaded_at: NaiveDateTime,
    pub(crate) owner_kind: Option<String>,
    pub(crate) owner_id: Option<String>,
    pub(crate) position: i32,
}

impl PhotoRecord {
    /// As the API gives it.
    pub(crate) fn view(self) -> PhotoView {
        PhotoView {
            id: PhotoId::new(self.id),
            media_type: self.media_type,
            size: self.size.unsigned_abs(),
        }
    }
}

pub(super) fn insert(conn: &mut Conn, photo: &PhotoRecord) -> QueryResult<()> {
    diesel::insert_into(photos::table)
        .values(photo)
        .execute(conn)
        .map(drop)
}

pub(super) fn find(conn: &mut Conn, id: &PhotoId) -> QueryResult<Option<PhotoRecord>> {
    photos::table
        .find(id.as_str())
        .select(PhotoRecord::as_select())
        .first(conn)
        .optional()
}

/// The photos of a record, in its order.
pub(crate) fn of(conn: &mut Conn, kind: OwnerKind, id: &str) -> QueryResult<Vec<PhotoRecord>> {
    photos::table
        .filter(photos::owner_kind.eq(kind.code()))
        .filter(photos::owner_id.eq(id))
        .order((photos::position, photos::id))
        .select(PhotoRecord::as_select())
        .load(conn)
}

/// Gives a photo to a record, if it is its uploader's and nobody's yet.
pub(super) fn claim(
    conn: &mut Conn,
    photo: &PhotoId,
    by: &UserId,
    (kind, id): (OwnerKind, &str),
    position: i32,
) -> QueryResult<bool> {
    let free = photos::table
        .find(photo.as_str())
        .filter(photos::uploader_id.eq(by.as_str()))
        .filter(photos::owner_kind.is_null());
    let change = (
        photos::owner_kind.eq(kind.code()),
        photos::owner_id.eq(id),
        photos::position.eq(position),
    );
    let changed = diesel::update(free).set(change).execute(conn)?;
    Ok(changed == 1)
}

/// Removes what nobody has claimed since; the hashes that no row names any more.
pub(super) fn forget_before(conn: &mut Conn, at: NaiveDateTime) -> QueryResult<Vec<String>> {
    let old: Vec<String> = photos::table
        .filter(photos::owner_kind.is_null())
        .filter(photos::uploaded_at.lt(at))
        .select(photos::hash)
        .load(conn)?;
    if old.is_empty() {
        return Ok(Vec::new());
    }
    let unclaimed = photos::table
        .filter(photos::owner_kind.is_null())
        .filter(photos::uploaded_at.lt(at));
    diesel::delete(unclaimed).execute(conn)?;
    let mut free = Vec::new();
    for hash in old {
        let photos: i64 = photos::table
            .filter(photos::hash.eq(&hash))
            .count()
            .get_result(conn)?;
        let files: i64 = case_attachments::table
            .filter(case_attachments::hash.eq(&hash))
            .count()
            .get_result(conn)?;
        if photos == 0 && files == 0 {
            free.push(hash);
        }
    }
    Ok(free)
}
