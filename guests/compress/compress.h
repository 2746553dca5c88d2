// The stages of the block compressor: Burrows-Wheeler transform, move to front with run lengths, Huffman codes.
#ifndef COMPRESS_H
#define COMPRESS_H

#include <stddef.h>
#include <stdint.h>

/// Largest block, in bytes.
#define BLOCK_MAX 100000
/// Symbols after the second stage: two run digits, 255 ranks, end of block.
#define SYMBOLS 258

/// Sorts all rotations of `in` and writes their last column to `out`; returns the row of the text itself.
uint32_t bwt_encode(const uint8_t *in, size_t size, uint8_t *out);
void bwt_decode(const uint8_t *in, size_t size, uint32_t row, uint8_t *out);

/// Ranks of bytes in a list that moves each to its front; runs of rank 0 become digits. Returns the number of symbols.
size_t mtf_encode(const uint8_t *in, size_t size, uint16_t *symbols);
/// Returns the number of bytes, or 0 if the symbols do not fit into `size` bytes.
size_t mtf_decode(const uint16_t *symbols, size_t count, uint8_t *out, size_t size);

/// Code lengths, then codes. Returns the number of bytes written.
size_t huffman_encode(const uint16_t *symbols, size_t count, uint8_t *out);
/// Returns the number of symbols, or 0 if the code is broken.
size_t huffman_decode(const uint8_t *in, size_t size, uint16_t *symbols, size_t most);

#endif
