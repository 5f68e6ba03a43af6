/* Two consumers come, or wait already, while the producer, this process, says that it is done: it had
 * nothing. */
#include "scene.h"

int main(void)
{
    bb *b = scene_buffer(1, 1);
    scene_consumer(b, 1);
    scene_consumer(b, 1);
    scene_pause();
    if (bb_done(b) != 0)
        return 1;
    return scene_end(b, 0, 0);
}
