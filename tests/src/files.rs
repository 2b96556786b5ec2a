//! Files to upload.

/// A picture, of one white pixel.
pub fn png() -> Vec<u8> {
    let mut file =
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89".to_vec();
    file.extend(b"\0\0\0\x0cIDATx\x9cc\xf8\xff\xff?\0\x05\xfe\x02\xfe\xa7\x35\x81\x84");
    file.extend(b"\0\0\0\0IEND\xaeB`\x82");
    file
}

/// What [`photo`] says of the place where it was taken.
pub const PLACE: &str = "39.1234N,100.5678E";

/// A picture of 640 × 480 as a phone makes it: lying on its side, with the place in Exif and in a
/// comment, and more after its end. Its content decodes to nothing.
pub fn photo() -> Vec<u8> {
    let segment = |code: u8, data: &[u8]| {
        let length = u16::try_from(data.len() + 2).expect("a short segment");
        [&[0xff, code][..], &length.to_be_bytes(), data].concat()
    };
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0".to_vec();
    // Which way is up: 6.
    exif.extend(b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0");
    // Where the part with the place begins.
    exif.extend(b"\x25\x88\x04\0\x01\0\0\0\x26\0\0\0\0\0\0\0");
    exif.extend(PLACE.as_bytes());
    [
        &[0xff, 0xd8][..],
        &segment(0xe0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0"),
        &segment(0xe1, &exif),
        &segment(0xfe, PLACE.as_bytes()),
        &segment(0xdb, &[1; 65]),
        &segment(0xc0, &[8, 1, 0xe0, 2, 0x80, 1, 1, 0x11, 0]),
        &segment(0xc4, &[2; 20]),
        &segment(0xda, &[1, 1, 0, 0, 63, 0]),
        &[1, 2, 3, 0xff, 0xd9],
        PLACE.as_bytes(),
    ]
    .concat()
}

/// A document.
pub fn pdf() -> Vec<u8> {
    b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n".to_vec()
}
