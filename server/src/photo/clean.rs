//! What a photo says beside the picture — place, time, device, thumbnails, whole pictures after its
//! end — is taken out before it is kept. Each format is read part by part; what is not known to be
//! needed for the picture is left out, and what does not fit together is no picture.

/// The longest side that is taken, in pixels.
const MOST_SIDE: usize = 20_000;
/// The most pixels that are taken.
const MOST_PIXELS: usize = 120_000_000;

/// A picture, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    /// Its media type.
    pub(crate) media_type: &'static str,
    /// Its width, in pixels, as it is stored.
    pub(crate) width: usize,
    /// Its height.
    pub(crate) height: usize,
    /// Its content.
    pub(crate) content: Vec<u8>,
}

/// Reads a JPEG, PNG or WebP picture; none where it is not one, not whole, or absurdly large.
pub(crate) fn picture(bytes: &[u8]) -> Option<Picture> {
    let (media_type, content) = match infer::get(bytes)?.mime_type() {
        "image/jpeg" => ("image/jpeg", jpeg(bytes)?),
        "image/png" => ("image/png", png(bytes)?),
        "image/webp" => ("image/webp", webp(bytes)?),
        _ => return None,
    };
    let size = imagesize::blob_size(&content).ok()?;
    let sides = 1..=MOST_SIDE;
    let fits = sides.contains(&size.width)
        && sides.contains(&size.height)
        && size.width.saturating_mul(size.height) <= MOST_PIXELS;
    fits.then_some(Picture {
        media_type,
        width: size.width,
        height: size.height,
        content,
    })
}

/// So many bytes from a place on.
fn part(bytes: &[u8], at: usize, length: usize) -> Option<&[u8]> {
    bytes.get(at..at.checked_add(length)?)
}

fn big16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(part(bytes, at, 2)?.try_into().ok()?))
}

fn big32(bytes: &[u8], at: usize) -> Option<usize> {
    let number = u32::from_be_bytes(part(bytes, at, 4)?.try_into().ok()?);
    usize::try_from(number).ok()
}

fn little32(bytes: &[u8], at: usize) -> Option<usize> {
    let number = u32::from_le_bytes(part(bytes, at, 4)?.try_into().ok()?);
    usize::try_from(number).ok()
}

/// JPEG: tables, frames, scans, the colour profile, and which way is up.
fn jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = part(bytes, 0, 2)?.to_vec();
    let mut at = 2;
    loop {
        // A marker: one FF or more, and a code.
        if *bytes.get(at)? != 0xff {
            return None;
        }
        while *bytes.get(at)? == 0xff {
            at += 1;
        }
        let code = *bytes.get(at)?;
        at += 1;
        // The end; pictures that some cameras put after it are not kept.
        if code == 0xd9 {
            out.extend([0xff, 0xd9]);
            return Some(out);
        }
        let length = usize::from(big16(bytes, at)?);
        let data = part(bytes, at.checked_add(2)?, length.checked_sub(2)?)?;
        let needed = match code {
            0xe0 => data.starts_with(b"JFIF\0"),
            0xe2 => data.starts_with(b"ICC_PROFILE\0"),
            0xee => data.starts_with(b"Adobe"),
            0xc0..=0xcf | 0xda..=0xdd => true,
            _ => false,
        };
        if needed {
            out.extend([0xff, code]);
            out.extend(part(bytes, at, length)?);
        } else if let Some(way) = data.strip_prefix(b"Exif\0\0").and_then(orientation) {
            out.extend(only_orientation(way));
        }
        at += length;
        if code == 0xda {
            let end = end_of_scan(bytes, at)?;
            out.extend(bytes.get(at..end)?);
            at = end;
        }
    }
}

/// Where the data of a scan ends: at the next marker that is no part of it.
fn end_of_scan(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == 0xff)?;
        match *bytes.get(at + 1)? {
            0x00 | 0xd0..=0xd7 => at += 2,
            _ => return Some(at),
        }
    }
}

/// Which way is up (1 to 8), as Exif has it.
fn orientation(exif: &[u8]) -> Option<u16> {
    let little = match part(exif, 0, 4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at| {
        let number = big16(exif, at)?;
        Some(if little { number.swap_bytes() } else { number })
    };
    let directory = if little {
        little32(exif, 4)?
    } else {
        big32(exif, 4)?
    };
    let count = usize::from(short(directory)?);
    (0..count).find_map(|entry| {
        let at = directory.checked_add(2 + entry * 12)?;
        let way = (short(at)? == 0x0112).then(|| short(at.checked_add(8)?))??;
        (2..=8).contains(&way).then_some(way)
    })
}

/// An Exif part that says which way is up and nothing else.
fn only_orientation(way: u16) -> Vec<u8> {
    let mut segment = vec![0xff, 0xe1, 0, 34];
    segment.extend(b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01");
    segment.extend(way.to_be_bytes());
    segment.extend([0; 6]);
    segment
}

/// PNG: the picture, its palette, its colours.
fn png(bytes: &[u8]) -> Option<Vec<u8>> {
    const NEEDED: [&[u8]; 12] = [
        b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB",
        b"bKGD", b"cICP",
    ];
    let mut out = part(bytes, 0, 8)?.to_vec();
    let mut at: usize = 8;
    let mut drawn = false;
    loop {
        let length = big32(bytes, at)?;
        let name = part(bytes, at.checked_add(4)?, 4)?;
        let whole = length.checked_add(12)?;
        let chunk = part(bytes, at, whole)?;
        if NEEDED.contains(&name) {
            out.extend(chunk);
        }
        drawn |= name == b"IDAT";
        at += whole;
        if name == b"IEND" {
            return drawn.then_some(out);
        }
    }
}

/// WebP: the picture, its transparency, its colours, its movement.
fn webp(bytes: &[u8]) -> Option<Vec<u8>> {
    const NEEDED: [&[u8]; 7] = [
        b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP", b"ANIM", b"ANMF",
    ];
    // That Exif and XMP follow.
    const META: u8 = 0b0000_1100;
    let end = little32(bytes, 4)?.checked_add(8)?;
    let bytes = bytes.get(..end)?;
    let mut out = part(bytes, 0, 12)?.to_vec();
    let mut at: usize = 12;
    let mut drawn = false;
    while at < end {
        let name = part(bytes, at, 4)?;
        let length = little32(bytes, at.checked_add(4)?)?;
        let data = part(bytes, at.checked_add(8)?, length)?;
        if NEEDED.contains(&name) {
            let from = out.len();
            out.extend(part(bytes, at, 8)?);
            out.extend(data);
            if length % 2 == 1 {
                out.push(0);
            }
            if name == b"VP8X"
                && let Some(flags) = out.get_mut(from + 8)
            {
                *flags &= !META;
            }
        }
        drawn |= matches!(name, b"VP8 " | b"VP8L" | b"ANMF");
        at = at
            .checked_add(8)?
            .checked_add(length)?
            .checked_add(length % 2)?;
    }
    let size = u32::try_from(out.len().checked_sub(8)?).ok()?;
    out.get_mut(4..8)?.copy_from_slice(&size.to_le_bytes());
    drawn.then_some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLACE: &[u8] = b"39.1234N 100.5678E";

    fn segment(code: u8, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(data.len() + 2).unwrap();
        [&[0xff, code][..], &length.to_be_bytes(), data].concat()
    }

    /// Exif that says which way is up, and a place.
    fn exif(way: u16) -> Vec<u8> {
        let mut data = b"Exif\0\0II*\0\x08\0\0\0\x02\0".to_vec();
        data.extend(b"\x0f\x01\x02\0\x04\0\0\0ABC\0");
        data.extend(b"\x12\x01\x03\0\x01\0\0\0");
        data.extend(way.to_le_bytes());
        data.extend([0; 6]);
        data.extend(PLACE);
        data
    }

    fn a_jpeg(width: u16, height: u16) -> Vec<u8> {
        let mut frame = vec![8];
        frame.extend(height.to_be_bytes());
        frame.extend(width.to_be_bytes());
        frame.extend([1, 1, 0x11, 0]);
        let thumbnail = [&b"JFXX\0"[..], PLACE].concat();
        let mpf = [&b"MPF\0"[..], PLACE].concat();
        [
            &[0xff, 0xd8][..],
            &segment(0xe0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0"),
            &segment(0xe0, &thumbnail),
            &segment(0xe1, &exif(6)),
            &segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0<x/>"),
            &segment(0xe2, &mpf),
            &segment(0xed, PLACE),
            &segment(0xfe, PLACE),
            &segment(0xdb, &[1; 65]),
            &segment(0xc0, &frame),
            &segment(0xc4, &[2; 20]),
            &segment(0xda, &[1, 1, 0, 0, 63, 0]),
            &[1, 2, 0xff, 0, 3, 0xff, 0xd0, 4],
            // A second scan with its table, as progressive pictures have.
            &segment(0xc4, &[0xff; 9]),
            &segment(0xda, &[1, 1, 0, 0, 63, 0]),
            &[5, 6],
            &[0xff, 0xd9],
            // Another picture after the end.
            PLACE,
        ]
        .concat()
    }

    fn has(content: &[u8], what: &[u8]) -> bool {
        content.windows(what.len()).any(|part| part == what)
    }

    #[test]
    fn a_jpeg_keeps_its_picture_and_which_way_is_up() {
        let kept = picture(&a_jpeg(640, 480)).unwrap();
        assert_eq!(
            (kept.media_type, kept.width, kept.height),
            ("image/jpeg", 640, 480)
        );
        for gone in [PLACE, b"JFXX", b"MPF", b"ABC", b"adobe"] {
            assert!(!has(&kept.content, gone));
        }
        assert!(has(&kept.content, &only_orientation(6)));
        assert!(has(&kept.content, &[1, 2, 0xff, 0, 3, 0xff, 0xd0, 4]));
        assert!(kept.content.ends_with(&[5, 6, 0xff, 0xd9]));
        // What is kept is a picture of which nothing more can be taken.
        assert_eq!(picture(&kept.content).unwrap(), kept);
    }

    #[test]
    fn which_way_is_up_is_read_in_both_orders() {
        let little = exif(8);
        assert_eq!(
            orientation(little.strip_prefix(b"Exif\0\0").unwrap()),
            Some(8)
        );
        let big = only_orientation(3);
        let big = big.get(10..).unwrap();
        assert_eq!(orientation(big), Some(3));
        assert_eq!(orientation(b"II*\0\xff\xff\xff\xff"), None);
    }

    #[test]
    fn absurd_sizes_are_refused() {
        assert!(picture(&a_jpeg(12_032, 9_024)).is_some());
        for (width, height) in [(0, 480), (20_001, 1), (12_000, 12_000), (65_535, 65_535)] {
            assert_eq!(picture(&a_jpeg(width, height)), None, "{width}×{height}");
        }
    }

    fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&length[..], name, data, &[0; 4]].concat()
    }

    #[test]
    fn a_png_keeps_its_picture() {
        let header = [0, 0, 0, 2, 0, 0, 0, 3, 8, 6, 0, 0, 0];
        let file = [
            &b"\x89PNG\r\n\x1a\n"[..],
            &chunk(b"IHDR", &header),
            &chunk(b"eXIf", PLACE),
            &chunk(b"tEXt", PLACE),
            &chunk(b"iTXt", PLACE),
            &chunk(b"tIME", &[7; 7]),
            &chunk(b"IDAT", &[1, 2, 3]),
            &chunk(b"IEND", &[]),
            PLACE,
        ]
        .concat();
        let kept = picture(&file).unwrap();
        assert_eq!(
            (kept.media_type, kept.width, kept.height),
            ("image/png", 2, 3)
        );
        assert!(!has(&kept.content, PLACE) && !has(&kept.content, b"tIME"));
        assert!(has(&kept.content, &chunk(b"IDAT", &[1, 2, 3])));
        assert_eq!(picture(&kept.content).unwrap(), kept);
    }

    fn riff(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut body = b"WEBP".to_vec();
        for (name, data) in chunks {
            body.extend(*name);
            body.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
            body.extend(*data);
            if data.len() % 2 == 1 {
                body.push(0);
            }
        }
        let length = u32::try_from(body.len()).unwrap().to_le_bytes();
        [&b"RIFF"[..], &length, &body].concat()
    }

    #[test]
    fn a_webp_keeps_its_picture_and_no_longer_says_that_more_follows() {
        let wide = [0x2c, 0, 0, 0, 99, 0, 0, 49, 0, 0];
        let file = riff(&[
            (b"VP8X", &wide),
            (b"ICCP", b"profile"),
            (b"VP8L", &[0x2f, 1, 2, 3, 4]),
            (b"EXIF", PLACE),
            (b"XMP ", PLACE),
        ]);
        let kept = picture(&file).unwrap();
        assert_eq!(
            (kept.media_type, kept.width, kept.height),
            ("image/webp", 100, 50)
        );
        assert!(!has(&kept.content, PLACE));
        let narrow = [&[0x20][..], &wide[1..]].concat();
        let expected = riff(&[
            (b"VP8X", &narrow),
            (b"ICCP", b"profile"),
            (b"VP8L", &[0x2f, 1, 2, 3, 4]),
        ]);
        assert_eq!(kept.content, expected);
    }

    #[test]
    fn what_is_cut_off_is_no_picture() {
        let whole = a_jpeg(640, 480);
        let end = whole.len() - PLACE.len();
        for length in 0..end {
            assert_eq!(picture(&whole[..length]), None, "{length}");
        }
        assert_eq!(picture(b"GIF89a\x01\0\x01\0\0\0\0;"), None);
        assert_eq!(picture(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        ) {
            let mut bytes = a_jpeg(640, 480);
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Some(kept) = picture(&bytes) {
                prop_assert!(kept.content.len() <= bytes.len() + 36);
            }
        }

        #[test]
        fn any_noise_behind_a_magic_number_is_read_without_a_panic(
            noise in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            for head in [&b"\xff\xd8\xff"[..], b"\x89PNG\r\n\x1a\n", b"RIFF\x20\0\0\0WEBPVP8X"] {
                let _ = picture(&[head, &noise].concat());
            }
        }
    }
}
