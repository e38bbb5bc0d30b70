// cmark-gfm's API as Swift can import it.
// SPDX-License-Identifier: Apache-2.0

#ifndef AMARU_COMMONMARK_SHIM_H
#define AMARU_COMMONMARK_SHIM_H

#include <cmark-gfm.h>
#include <cmark-gfm-core-extensions.h>
#include <string.h>

// The types of nodes: cmark's own are enumerators made of macros, the extensions' are mutable
// variables, which Swift 6 refuses.
typedef enum {
    amaru_node_other,
    amaru_node_quote,
    amaru_node_list,
    amaru_node_item,
    amaru_node_code_block,
    amaru_node_html_block,
    amaru_node_paragraph,
    amaru_node_heading,
    amaru_node_thematic_break,
    amaru_node_table,
    amaru_node_text,
    amaru_node_soft_break,
    amaru_node_line_break,
    amaru_node_code,
    amaru_node_html,
    amaru_node_emphasis,
    amaru_node_strong,
    amaru_node_struck,
    amaru_node_link,
    amaru_node_image,
} amaru_node_kind;

static inline amaru_node_kind amaru_kind(cmark_node *node) {
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_BLOCK_QUOTE: return amaru_node_quote;
    case CMARK_NODE_LIST: return amaru_node_list;
    case CMARK_NODE_ITEM: return amaru_node_item;
    case CMARK_NODE_CODE_BLOCK: return amaru_node_code_block;
    case CMARK_NODE_HTML_BLOCK: return amaru_node_html_block;
    case CMARK_NODE_PARAGRAPH: return amaru_node_paragraph;
    case CMARK_NODE_HEADING: return amaru_node_heading;
    case CMARK_NODE_THEMATIC_BREAK: return amaru_node_thematic_break;
    case CMARK_NODE_TEXT: return amaru_node_text;
    case CMARK_NODE_SOFTBREAK: return amaru_node_soft_break;
    case CMARK_NODE_LINEBREAK: return amaru_node_line_break;
    case CMARK_NODE_CODE: return amaru_node_code;
    case CMARK_NODE_HTML_INLINE: return amaru_node_html;
    case CMARK_NODE_EMPH: return amaru_node_emphasis;
    case CMARK_NODE_STRONG: return amaru_node_strong;
    case CMARK_NODE_LINK: return amaru_node_link;
    case CMARK_NODE_IMAGE: return amaru_node_image;
    default: break;
    }
    const char *name = cmark_node_get_type_string(node);
    if (strcmp(name, "table") == 0) return amaru_node_table;
    if (strcmp(name, "strikethrough") == 0) return amaru_node_struck;
    // An item of a task list is one of another type.
    if (strcmp(name, "tasklist") == 0) return amaru_node_item;
    return amaru_node_other;
}

static inline int amaru_is_task(cmark_node *node) {
    return strcmp(cmark_node_get_type_string(node), "tasklist") == 0;
}

#endif
