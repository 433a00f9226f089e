/* Where the texts of a column lie, in each of the ways in which tables hold texts. */
#include <string.h>

#include "code_loops.h"
#include "encode_text.h"

enum { VIEW = 16, IN_VIEW = 12 /* bytes of a view, and of the longest text that it holds itself */, BYTES_AHEAD = 2048 };

/* NAME_loops, inlined twice: for registers of 32 bytes, where the processor has them, and for any processor. */
#if SIF_X86
#define BY_CPU(NAME, PARAMETERS, ARGUMENTS)                                                                                                \
    static int NAME##_baseline PARAMETERS { return NAME##_loops ARGUMENTS; }                                                               \
    SIF_TARGET_AVX2 static int NAME##_avx2 PARAMETERS { return NAME##_loops ARGUMENTS; }                                                   \
    static int NAME PARAMETERS {                                                                                                           \
        return sif_cpu_version_now()->register_bytes >= 32 ? NAME##_avx2 ARGUMENTS : NAME##_baseline ARGUMENTS;                            \
    }
#else
#define BY_CPU(NAME, PARAMETERS, ARGUMENTS)                                                                                                \
    static int NAME PARAMETERS { return NAME##_loops ARGUMENTS; }
#endif

static void find_present(const sif_texts *texts, int64_t first, size_t count, uint8_t *valid) {
    if (texts->validity == NULL)
        memset(valid, 0xFF, count);
    else
        sif_code_loops_now()->spread_validity(texts->validity, texts->validity_offset + first, count, valid);
}

/* Asks for the bytes that lie some blocks after these: a row is encoded sooner than memory brings what it needs unasked. Past the end there
 * is nothing to bring. */
static inline void fetch_bytes(const uint8_t *first, const uint8_t *stop) {
    for (uintptr_t line = (uintptr_t)first + BYTES_AHEAD; line < (uintptr_t)stop + BYTES_AHEAD; line += SIF_LINE)
        /* NOLINTNEXTLINE(performance-no-int-to-ptr): a pointer must not leave its array; this address is never read */
        SIF_FETCH((const void *)line);
}

static inline void fetch_text_ahead(const uint8_t *text) {
    SIF_FETCH((const void *)((uintptr_t)text + BYTES_AHEAD)); /* NOLINT(performance-no-int-to-ptr): as above */
}

/* A mask of 32 bits from one of 8. */
SIF_INLINE uint32_t widened(uint8_t valid) { return (uint32_t)(int8_t)valid; }

SIF_INLINE uint32_t width_of(uint32_t length, uint8_t valid) { return (length + 1) | ~widened(valid); }

/* Of a block whose longest text is at most medium. */
static inline void say_longest(sif_text_block *block, int64_t longest) {
    block->longest = (uint32_t)longest;
    block->form = longest > SIF_SHORT_TEXT ? SIF_MEDIUM_TEXTS : longest > SIF_TINY_TEXT ? SIF_SHORT_TEXTS : SIF_TINY_TEXTS;
}

/* The common case, in loops that compilers vectorise: the rows are plain, which is to say that they lie one after another within the bytes,
 * none of them longer than a medium text, and have room behind them. `behind` tells how far the offset of each row, and that after the last
 * one, lies behind that of the first. Returns whether that is so. */
SIF_INLINE int find_plain_rows_loops(const sif_texts *texts, int64_t begin, int64_t end, const int32_t *behind, size_t count,
                                     sif_text_block *block) {
    int32_t sign = 0, longest = 0; /* negative where a row is not plain */
    for (size_t r = 0; r < count; r++) {
        const int32_t length = (int32_t)((uint32_t)behind[r + 1] - (uint32_t)behind[r]); /* wraps round: then its sign is wrong, or another's */
        const int32_t bits = (int32_t)widened(block->valid[r]);
        sign |= behind[r] | length | (int32_t)(SIF_MEDIUM_TEXT - (uint32_t)length);
        longest = length > longest ? length : longest;
        block->length[r] = (uint32_t)(length & bits);
        block->width[r] = width_of(block->length[r], block->valid[r]);
    }
    /* With that no row begins before the one before it: so all lie between the first and the last. */
    if (sign < 0 || begin < 0 || begin + behind[count] != end || texts->sizes[0] - SIF_TEXT_ROOM < end)
        return 0;
    const uint8_t *const bytes = texts->buffers[0] + begin;
    for (size_t r = 0; r < count; r++)
        block->text[r] = bytes + (uint32_t)behind[r];
    fetch_bytes(bytes, bytes + behind[count]);
    say_longest(block, longest);
    return 1;
}

BY_CPU(find_plain_rows, (const sif_texts *texts, int64_t begin, int64_t end, const int32_t *behind, size_t count, sif_text_block *block),
       (texts, begin, end, behind, count, block))

/* From count + 1 offsets. What stands behind a missing row is not looked at. */
static int64_t find_any_rows(const sif_texts *texts, const int64_t *offset, size_t count, sif_text_block *block) {
    const int64_t size = texts->sizes[0];
    for (size_t r = 0; r < count; r++) {
        const int64_t start = offset[r], stop = offset[r + 1];
        const int lies_within = start >= 0 && stop >= start && stop <= size && stop - start <= INT32_MAX;
        if (!lies_within && block->valid[r])
            return (int64_t)r;
        const int is_text = lies_within && block->valid[r];
        block->text[r] = is_text ? texts->buffers[0] + start : block->views;
        block->length[r] = is_text ? (uint32_t)(stop - start) : 0;
        block->width[r] = width_of(block->length[r], block->valid[r]);
        block->has_room[r] = is_text && size - start >= SIF_TEXT_ROOM;
    }
    return -1;
}

/* A copy of what says where the rows of a block lie, as others may write there. Of a whole block its size is known, and no call is needed. */
SIF_INLINE void copy_rows(void *to, const void *rows, int64_t first, size_t count, size_t width) {
    const uint8_t *const from = (const uint8_t *)rows + (size_t)first * width;
    if (count == SIF_TEXT_BLOCK)
        memcpy(to, from, SIF_TEXT_BLOCK * width);
    else
        memcpy(to, from, count * width);
}

static int64_t find_by_offsets32(const sif_texts *texts, int64_t first, size_t count, sif_text_block *block) {
    int32_t narrow[SIF_TEXT_BLOCK + 1], behind[SIF_TEXT_BLOCK + 1];
    int64_t offset[SIF_TEXT_BLOCK + 1];
    copy_rows(narrow, texts->rows, first, count, sizeof *narrow);
    memcpy(narrow + count, (const uint8_t *)texts->rows + ((size_t)first + count) * sizeof *narrow, sizeof *narrow);
    for (size_t r = 0; r <= count; r++)
        behind[r] = (int32_t)((uint32_t)narrow[r] - (uint32_t)narrow[0]);
    if (find_plain_rows(texts, narrow[0], narrow[count], behind, count, block))
        return -1;
    for (size_t r = 0; r <= count; r++)
        offset[r] = narrow[r];
    return find_any_rows(texts, offset, count, block);
}

static int64_t find_by_offsets64(const sif_texts *texts, int64_t first, size_t count, sif_text_block *block) {
    int32_t behind[SIF_TEXT_BLOCK + 1];
    int64_t offset[SIF_TEXT_BLOCK + 1];
    uint64_t upper = 0;
    copy_rows(offset, texts->rows, first, count, sizeof *offset);
    memcpy(offset + count, (const uint8_t *)texts->rows + ((size_t)first + count) * sizeof *offset, sizeof *offset);
    for (size_t r = 0; r <= count; r++) {
        const uint64_t far = (uint64_t)offset[r] - (uint64_t)offset[0];
        behind[r] = (int32_t)(uint32_t)far;
        upper |= far >> 31;
    }
    if (upper == 0 && find_plain_rows(texts, offset[0], offset[count], behind, count, block))
        return -1;
    return find_any_rows(texts, offset, count, block);
}

/* A view holds a length; then the text, or four bytes of it, the number of a buffer and where in that it begins. */
typedef struct {
    int32_t length, start;
    uint32_t buffer;
} text_view;

SIF_INLINE text_view view_of(const sif_text_block *block, size_t r) {
    const uint8_t *const view = block->views + VIEW * r;
    text_view of_row;
    memcpy(&of_row.length, view, sizeof of_row.length);
    memcpy(&of_row.buffer, view + 8, sizeof of_row.buffer);
    memcpy(&of_row.start, view + 12, sizeof of_row.start);
    of_row.length &= (int8_t)block->valid[r];
    return of_row;
}

/* The common case, in loops that compilers vectorise: all texts that do not stand in their views lie in one buffer, are at most medium, and have
 * room. Returns whether that is so. */
SIF_INLINE int find_views_of_one_buffer_loops(const sif_texts *texts, size_t count, sif_text_block *block) {
    int32_t length[SIF_TEXT_BLOCK], start[SIF_TEXT_BLOCK], is_elsewhere[SIF_TEXT_BLOCK]; /* all ones or none */
    int32_t sign = 0, longest = 0, last = 0, any = 0, all = -1;                           /* sign: negative where a row is not so */
    uint32_t buffer[SIF_TEXT_BLOCK], of_all = 0, others = 0;
    for (size_t r = 0; r < count; r++) {
        const text_view view = view_of(block, r);
        const int32_t bits = -(view.length > IN_VIEW);
        length[r] = view.length;
        is_elsewhere[r] = bits;
        buffer[r] = view.buffer & (uint32_t)bits;
        start[r] = view.start & bits;
        sign |= view.length | start[r];
        any |= bits;
        all &= bits;
        longest = view.length > longest ? view.length : longest;
        last = start[r] > last ? start[r] : last;
        of_all |= buffer[r];
    }
    for (size_t r = 0; r < count; r++)
        others |= (buffer[r] ^ of_all) & (uint32_t)is_elsewhere[r];
    if (sign < 0 || longest > SIF_MEDIUM_TEXT || others != 0 || (any && (of_all >= texts->n_buffers || texts->sizes[of_all] - SIF_TEXT_ROOM < last)))
        return 0;
    const uint8_t *const bytes = any ? texts->buffers[of_all] : block->views;
    for (size_t r = 0; r < count; r++) {
        block->length[r] = (uint32_t)length[r];
        block->width[r] = width_of((uint32_t)length[r], block->valid[r]);
    }
    if (all)
        for (size_t r = 0; r < count; r++) {
            block->text[r] = bytes + start[r];
            SIF_FETCH(block->text[r]);
            fetch_text_ahead(block->text[r]);
        }
    else
        for (size_t r = 0; r < count; r++) {
            const uint8_t *const either[2] = {block->views + VIEW * r + 4, bytes + start[r]};
            block->text[r] = either[is_elsewhere[r] & 1];
            SIF_FETCH(block->text[r]);
            fetch_text_ahead(block->text[r]);
        }
    say_longest(block, longest);
    return 1;
}

BY_CPU(find_views_of_one_buffer, (const sif_texts *texts, size_t count, sif_text_block *block), (texts, count, block))

/* The same where they lie in several buffers, in a loop without branches. Else they are to be found one by one. */
static int find_plain_views(const sif_texts *texts, size_t count, sif_text_block *block) {
    static const uint8_t nothing[1] = {0};
    const uint8_t *const no_buffer = nothing;
    const int64_t no_size = 0, n_buffers = texts->n_buffers;
    /* Copies, as what is written might else be taken for parts of these. Where there is no buffer there is one of no bytes. */
    const int64_t *const sizes = n_buffers > 0 ? texts->sizes : &no_size;
    const uint8_t *const *const buffers = n_buffers > 0 ? texts->buffers : &no_buffer;
    int64_t sign = 0; /* negative where a text is not so */
    int32_t longest = 0;
    for (size_t r = 0; r < count; r++) {
        const text_view view = view_of(block, r);
        /* Masks of all ones or none: where texts in views and others take turns, no branch is foreseen. */
        const int32_t is_elsewhere = -(view.length > IN_VIEW), is_known = -(view.buffer < n_buffers);
        const uint32_t buffer = view.buffer & (uint32_t)(is_elsewhere & is_known);
        const int32_t start = view.start & is_elsewhere;
        const int64_t room = sizes[buffer] - start - SIF_TEXT_ROOM;
        sign |= view.length | ((room | start | ~is_known) & is_elsewhere);
        longest = view.length > longest ? view.length : longest;
        const uint8_t *const either[2] = {block->views + VIEW * r + 4, buffers[buffer] + (start & -(sign >= 0))};
        block->text[r] = either[is_elsewhere & 1];
        block->length[r] = (uint32_t)view.length;
        block->width[r] = width_of((uint32_t)view.length, block->valid[r]);
        SIF_FETCH(block->text[r]);
        fetch_text_ahead(block->text[r]);
    }
    say_longest(block, longest);
    return sign >= 0 && longest <= SIF_MEDIUM_TEXT;
}

/* What is read of the views is a copy. */
static int64_t find_by_views(const sif_texts *texts, int64_t first, size_t count, sif_text_block *block) {
    const uint8_t *const rows = (const uint8_t *)texts->rows + VIEW * first;
    memcpy(block->views, rows, VIEW * count);
    fetch_bytes(rows, rows + VIEW * count);
    if (find_views_of_one_buffer(texts, count, block) || find_plain_views(texts, count, block))
        return -1;
    block->form = SIF_ANY_TEXTS;
    for (size_t r = 0; r < count; r++) {
        const text_view view = view_of(block, r);
        block->text[r] = block->views + VIEW * r + 4;
        block->length[r] = (uint32_t)view.length;
        block->width[r] = width_of((uint32_t)view.length, block->valid[r]);
        block->has_room[r] = 1;
        if (view.length < 0)
            return (int64_t)r;
        if (view.length <= IN_VIEW)
            continue;
        if (view.buffer >= texts->n_buffers)
            return (int64_t)r;
        const int64_t left = texts->sizes[view.buffer] - view.start;
        if (view.start < 0 || left < view.length)
            return (int64_t)r;
        block->text[r] = texts->buffers[view.buffer] + view.start;
        block->has_room[r] = left >= SIF_TEXT_ROOM;
    }
    return -1;
}

int64_t sif_find_texts(const sif_texts *texts, int64_t first, size_t count, sif_text_block *block) {
    block->form = SIF_ANY_TEXTS;
    find_present(texts, first, count, block->valid);
    switch (texts->kind) {
    case SIF_OFFSETS32:
        return find_by_offsets32(texts, first, count, block);
    case SIF_OFFSETS64:
        return find_by_offsets64(texts, first, count, block);
    default: /* SIF_VIEWS */
        return find_by_views(texts, first, count, block);
    }
}
