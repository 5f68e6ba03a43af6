/* Two consumers come for one item each. The producer, this process, has two: nothing but the items can wake a
 * consumer. */
#include "scene.h"

int main(void)
{
    bb *b = scene_buffer(3, 1);
    scene_taker(b, 3);
    scene_taker(b, 3);
    scene_pause();
    const int failed = bb_put(b, 1) != 0 || bb_put(b, 2) != 0;
    return scene_end(b, failed ? WRONG : 0, 2);
}
