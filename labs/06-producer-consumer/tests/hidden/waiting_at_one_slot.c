/* One slot. First two consumers wait for one item each; then two producers wait to put one item each. The
 * other side is this process, which has to wait as well: whoever goes on has to wake one that can go on, too.
 */
#include "scene.h"

int main(void)
{
    bb *b = scene_buffer(1, 1);
    scene_taker(b, 3);
    scene_taker(b, 3);
    scene_pause();
    int failed = bb_put(b, 1) != 0 || bb_put(b, 2) != 0;
    int bad = scene_wait(failed ? WRONG : 0, 2);

    failed = bb_put(b, 1) != 0;
    scene_putter(b, 2);
    scene_putter(b, 4);
    scene_pause();
    int sum = 0;
    for (int i = 0; i < 3; i++) {
        int64_t item = 0;
        failed |= bb_get(b, &item) != 1;
        sum += (int)item & 7;
    }
    bad |= scene_wait(failed ? WRONG : sum, 3);
    return bb_destroy(b) != 0 || bad;
}
