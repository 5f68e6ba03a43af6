/* Two producers and two consumers share an unbounded buffer. */
#include "scene.h"

int main(void)
{
    bb *b = scene_buffer(0, 2);
    scene_producer(b, 0, 2);
    scene_consumer(b, 2);
    scene_producer(b, 2, 2);
    return scene_end(b, scene_take(b, 2), 4);
}
