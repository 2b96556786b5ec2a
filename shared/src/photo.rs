//! Photos (照片): uploaded first, then named by the record that they belong to.

use serde::{Deserialize, Serialize};

use crate::ids::PhotoId;
use crate::terms;
use crate::validate::Errors;

/// The most photos of one record.
pub const MAX_PHOTOS: usize = 9;
/// After so many days a photo that no record has named is forgotten.
pub const FORGOTTEN_AFTER_DAYS: u32 = 30;

terms! {
    /// What a photo belongs to.
    OwnerKind, "照片归属" {
        /// A visit.
        Visit = "visit", "走访";
        /// A report.
        Report = "report", "排查报告";
        /// Urgent information.
        Alert = "alert", "重要信息";
        /// A campaign of legal publicity.
        Publicity = "publicity", "法制宣传";
        /// Naming or a reward of an assessment.
        Honour = "honour", "命名奖励";
        /// A case; there it is a file of the case, too.
        Case = "case", "事项";
    }
}

/// A photo as a record shows it; its content is at `/api/v1/photos/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PhotoView {
    /// Its id.
    pub id: PhotoId,
    /// `image/jpeg`, `image/png` or `image/webp`, by content.
    pub media_type: String,
    /// Its size in bytes, without what was taken out (place, time, device).
    pub size: u64,
}

/// Notes what is wrong with the photos that a record names, in the field `photos`: too many, or one
/// twice. Whether they are there and the caller's is for the server to say.
pub fn check(errors: &mut Errors, photos: &[PhotoId]) {
    if photos.len() > MAX_PHOTOS {
        let count = photos.len();
        let message = format!("照片最多{MAX_PHOTOS}张，现在有{count}张。");
        errors.add("photos", "too_many", message);
    }
    let twice = |(at, photo)| photos.iter().take(at).any(|other| other == photo);
    if photos.iter().enumerate().any(twice) {
        errors.add("photos", "duplicate", "同一张照片填了两次。");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_photos_at_most_and_each_once() {
        let codes = |ids: &[&str]| {
            let photos: Vec<PhotoId> = ids.iter().map(|id| PhotoId::from(*id)).collect();
            let mut errors = Errors::new();
            check(&mut errors, &photos);
            let codes = errors.into_vec().into_iter().map(|error| error.code);
            codes.collect::<Vec<_>>()
        };
        let nine = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
        assert!(codes(&nine).is_empty());
        assert_eq!(codes(&[&nine[..], &["j"]].concat()), ["too_many"]);
        assert_eq!(codes(&["a", "b", "a"]), ["duplicate"]);
    }
}
