//! Files to upload, and files that were taken out.

use calamine::{Data, Reader as _, Xlsx};

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

/// Whether bytes stand in others, as they are or in hexadecimal.
pub fn holds(all: &[u8], wanted: &[u8]) -> bool {
    let has = |wanted: &[u8]| all.windows(wanted.len()).any(|window| window == wanted);
    let hexadecimal: String = wanted.iter().map(|byte| format!("{byte:02x}")).collect();
    has(wanted) || has(hexadecimal.as_bytes())
}

/// A document.
pub fn pdf() -> Vec<u8> {
    b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n".to_vec()
}

/// The cells of a workbook's sheet, row by row.
///
/// # Panics
/// It is no workbook, or has no such sheet.
pub fn sheet(workbook: &[u8], name: &str) -> Vec<Vec<Data>> {
    let cursor = std::io::Cursor::new(workbook.to_vec());
    let mut workbook: Xlsx<_> = calamine::open_workbook_from_rs(cursor).expect("a workbook");
    let range = workbook.worksheet_range(name).expect("the sheet");
    let (height, width) = range.get_size();
    // From the first cell of the sheet on, wherever the first that says something is.
    let (below, beside) = range.start().unwrap_or_default();
    let all = |count: usize, before: u32| count + usize::try_from(before).expect("few");
    (0..all(height, below))
        .map(|row| {
            (0..all(width, beside))
                .map(|column| {
                    let at = |n: usize| u32::try_from(n).expect("few");
                    let cell = range.get_value((at(row), at(column)));
                    cell.cloned().unwrap_or(Data::Empty)
                })
                .collect()
        })
        .collect()
}

/// The fields of a CSV file, line by line, behind its byte order mark.
///
/// # Panics
/// It has none, or a quote that does not end.
pub fn csv(file: &[u8]) -> Vec<Vec<String>> {
    let text = std::str::from_utf8(file).expect("UTF-8");
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
    let (mut lines, mut line, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match (letter, quoted) {
            ('"', true) if letters.peek() == Some(&'"') => {
                field.push('"');
                letters.next();
            }
            ('"', _) => quoted = !quoted,
            (',', false) => line.push(std::mem::take(&mut field)),
            ('\r', false) => {}
            ('\n', false) => {
                line.push(std::mem::take(&mut field));
                lines.push(std::mem::take(&mut line));
            }
            (letter, _) => field.push(letter),
        }
    }
    assert!(
        !quoted && line.is_empty() && field.is_empty(),
        "a whole file"
    );
    lines
}
